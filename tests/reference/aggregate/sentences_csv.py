"""Prints sentences.parquet as CSV for make.R, the terms counted and the cut-offs applied: R's arrow is no small thing to install."""

import sys

import numpy as np
import polars as pl

from make import CUTOFFS, HERE

table = pl.read_parquet(HERE / "sentences.parquet")
# A single-precision score meets a single-precision cut-off, and goes to R with all its digits.
hit = {"loaded_hit": "loaded", "security_hit": "frame_security"}
table = table.with_columns((pl.col(of) >= pl.lit(np.float32(CUTOFFS[of]), pl.Float32)).cast(pl.UInt8).alias(name) for name, of in hit.items())
table = table.with_columns(
    (pl.col("n_tokens") - pl.col("n_tokens_quoted")).alias("n_tokens_narration"),
    (pl.col("n_terms") - pl.col("n_terms_quoted")).alias("n_terms_narration"),
    pl.col("tone", "loaded").cast(pl.Float64),
)
counts = [f"n_{what}{whose}" for what in ("tokens", "terms") for whose in ("", "_narration", "_quoted")]
table.select("article_id", "outlet", "date", "voice", "tone", "loaded", *hit, *counts).write_csv(sys.stdout.buffer)

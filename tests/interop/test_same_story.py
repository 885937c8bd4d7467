"""Table same_story, recomputed with pandas out of sentences.parquet and the story_id of articles.parquet."""

import json

import numpy
import pandas
import pytest
from scipy import stats

REST = "(rest)"


@pytest.fixture(scope="module")
def told(run):
    """Sentences with their story; tone, and whether wording is loaded, as numbers of double precision."""
    settings = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert settings["config"]["wire"] == "each", "reprints would weigh less"
    columns = ["article_id", "outlet", "part", "voice", "tone", "loaded"]
    sentences = pandas.read_parquet(run / "sentences.parquet", columns=columns)
    stories = pandas.read_parquet(run / "articles.parquet", columns=["article_id", "story_id"])
    sentences = sentences.merge(stories, on="article_id", how="left", validate="many_to_one")
    assert sentences["story_id"].notna().all()
    cutoff = numpy.float32(settings["thresholds"]["loaded"])
    sentences.attrs["confidence"] = settings["config"]["confidence"]
    return sentences.assign(tone=sentences["tone"].astype("float64"), loaded_share=(sentences["loaded"] >= cutoff).astype("float64"))


def sides(sentences, row):
    """The sentences of a row's part and voice, those of the one outlet and those of the other or of all others."""
    if row["part"] != "all":
        sentences = sentences[sentences["part"] == row["part"]]
    if row["voice"] != "all":
        sentences = sentences[sentences["voice"] == {"narration": "narration", "quotes": "quote"}[row["voice"]]]
    own = sentences["outlet"] == row["outlet_a"]
    other = ~own if row["outlet_b"] == REST else sentences["outlet"] == row["outlet_b"]
    return sentences[own], sentences[other]


@pytest.mark.parametrize(("measure", "statistic", "column"), [("tone", "mean", "tone"), ("loaded", "share_sentences", "loaded_share")])
def test_within_overall_and_selection(run, told, measure, statistic, column):
    table = pandas.read_parquet(run / "same_story.parquet")
    rows = table[(table["measure"] == measure) & (table["statistic"] == statistic)]
    assert {"outlets", "rest"} == set(rows["contrast"])
    # Every outlet in each of the four slices that it shares a story in, against the rest, and the pairs.
    assert len(rows) > 12 and (rows["n_stories"] > 2).any()
    for _, row in rows.iterrows():
        a, b = sides(told, row)
        # The ratio of an outlet's totals in a story: the mean over its sentences there, whatever the number of articles.
        values = pandas.concat([side.groupby("story_id")[column].mean() for side in (a, b)], axis=1, join="inner", keys=["a", "b"])
        shared = [side[side["story_id"].isin(values.index)] for side in (a, b)]
        assert row["n_stories"] == len(values)
        assert [row["n_articles_a"], row["n_articles_b"]] == [side["article_id"].nunique() for side in shared]
        differences = values["a"] - values["b"]
        within, overall = differences.mean(), a[column].mean() - b[column].mean()
        found = row[["within_a", "within_b", "within", "overall", "selection"]].astype("float64")
        expected = [values["a"].mean(), values["b"].mean(), within, overall, overall - within]
        assert found.to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-12)
        if len(values) > 1 and differences.std() > 1e-12:
            error = differences.sem()
            interval = stats.t.interval(told.attrs["confidence"], len(values) - 1, loc=within, scale=error)
            assert [row["std_error"], row["ci_low"], row["ci_high"]] == pytest.approx([error, *interval], rel=1e-6, abs=1e-10)
        else:
            assert pandas.isna(row["ci_low"]) and pandas.isna(row["ci_high"])


def test_a_story_is_named_by_its_first_article(run):
    articles = pandas.read_parquet(run / "articles.parquet")
    by_story = articles.groupby("story_id")
    for story, told_in in by_story:
        assert story in set(told_in["article_id"])
        dated = told_in.dropna(subset=["date"])
        if len(dated):
            assert told_in.set_index("article_id").loc[story, "date"] == dated["date"].min()
    assert (articles["story_size"] == by_story["article_id"].transform("size")).all()
    assert (articles["story_outlets"] == by_story["outlet"].transform("nunique")).all()

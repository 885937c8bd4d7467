# Opens every Parquet table of a run with R's arrow. Exit 77: the package is not installed.
if (!requireNamespace("arrow", quietly = TRUE)) quit(status = 77)
run <- commandArgs(trailingOnly = TRUE)[1]
dates <- c("date", "period_start", "first_date", "last_date")
for (file in list.files(run, "\\.parquet$", full.names = TRUE)) {
  table <- arrow::read_parquet(file)
  stopifnot(nrow(table) > 0)
  for (name in intersect(dates, names(table))) stopifnot(inherits(table[[name]], "Date"))
  metadata <- arrow::ParquetFileReader$create(file)$GetSchema()$metadata
  stopifnot(nchar(metadata[["framescope.columns"]]) > 0)
}
sentences <- arrow::read_parquet(file.path(run, "sentences.parquet"))
stopifnot(sum(vapply(sentences$terms, nrow, 1L)) == sum(sentences$n_terms))

# Reads every CSV table of a run with base R: the byte order mark, the dates and the numbers arrive as what they are.
run <- commandArgs(trailingOnly = TRUE)[1]
dates <- c("date", "period_start", "first_date", "last_date")
for (name in c("articles", "outlets", "terms", "contrasts", "trends", "distinctive")) {
  file <- file.path(run, paste0(name, ".csv"))
  table <- read.csv(file, fileEncoding = "UTF-8-BOM", encoding = "UTF-8", na.strings = "")
  stopifnot(nrow(table) > 0, !grepl("^X\\.", names(table)[1]))
  for (column in intersect(dates, names(table))) {
    present <- table[[column]][!is.na(table[[column]])]
    stopifnot(grepl("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", present))
  }
  for (column in intersect(c("estimate", "ci_low", "ci_high", "q", "n_articles"), names(table))) {
    stopifnot(is.numeric(table[[column]]))
  }
}

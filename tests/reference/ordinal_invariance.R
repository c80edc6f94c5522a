# Invariance of ordered answers across groups as lavaan and semTools have it, as JSON, one object a
# job, each with one object a level.
#   Rscript ordinal_invariance.R jobs.json
# A job has data ("package::name"), items, group, only (the values of group to keep), model (lavaan's
# syntax), factors (their names) and save (a CSV file to write the complete rows to).
# Packages: lavaan, semTools, jsonlite, and those of the data; without one it ends with 3 and says
# which.
need <- function(package) {
  if (!requireNamespace(package, quietly = TRUE)) {
    message("no R package ", package)
    quit(status = 3)
  }
}
for (package in c("lavaan", "semTools", "jsonlite")) need(package)
read <- function(name) {
  parts <- strsplit(name, "::")[[1]]
  need(parts[1])
  as.data.frame(getExportedValue(parts[1], parts[2]))
}
levels <- list("", "thresholds", c("thresholds", "loadings"),
               c("thresholds", "loadings", "intercepts"))
jobs <- jsonlite::fromJSON(commandArgs(trailingOnly = TRUE)[1], simplifyDataFrame = FALSE)
answers <- lapply(jobs, function(job) {
  items <- unlist(job$items)
  data <- na.omit(read(job$data)[c(items, job$group)])
  data <- data[data[[job$group]] %in% unlist(job$only), ]
  data <- data[order(data[[job$group]]), ]
  write.csv(data, job$save, row.names = FALSE)
  before <- NULL
  lapply(levels, function(equal) {
    syntax <- semTools::measEq.syntax(
      job$model, data = data, ordered = items, parameterization = "delta", ID.fac = "std.lv",
      ID.cat = "Wu.Estabrook.2016", group = job$group, group.equal = equal
    )
    fit <- lavaan::cfa(
      as.character(syntax), data = data, ordered = items, group = job$group,
      estimator = "WLSMV", parameterization = "delta",
      # The same answers at every level: what is known of them need not be found again.
      slotSampleStats = if (!is.null(before)) before@SampleStats
    )
    difference <- if (!is.null(before)) unlist(lavaan::lavTestLRT(before, fit)[2, 5:7])
    before <<- fit
    estimates <- lavaan::parameterEstimates(fit)
    means <- estimates[estimates$op == "~1" & estimates$lhs %in% unlist(job$factors), ]
    loadings <- estimates[estimates$op == "=~", ]
    list(
      measures = as.list(lavaan::fitMeasures(fit)),
      difference = unname(difference),
      means = means[c("lhs", "group", "est", "se")],
      loadings = loadings[c("lhs", "rhs", "group", "est")]
    )
  })
})
cat(jsonlite::toJSON(answers, auto_unbox = TRUE, digits = NA, dataframe = "columns"))

# Confirmatory factor models as lavaan fits them, as JSON, one object a job.
#   Rscript factor_models.R jobs.json
# A job has data ("package::name", or the name of a CSV file), model (lavaan's syntax), estimator,
# and may have group, equal (lavaan's group.equal), missing ("fiml"), gaps (a seed: 30 values of
# each item are taken out), save (a CSV file to write the data to) and nested (true: compare with
# the job before), free_scale (true: the model's text sets units, and means are estimated).
# Packages: lavaan, jsonlite, and those of the data; without one it ends with 3 and says which.
need <- function(package) {
  if (!requireNamespace(package, quietly = TRUE)) {
    message("no R package ", package)
    quit(status = 3)
  }
}
need("lavaan")
need("jsonlite")
read <- function(name) {
  if (!grepl("::", name)) return(read.csv(name))
  parts <- strsplit(name, "::")[[1]]
  need(parts[1])
  as.data.frame(getExportedValue(parts[1], parts[2]))
}
jobs <- jsonlite::fromJSON(commandArgs(trailingOnly = TRUE)[1], simplifyDataFrame = FALSE)
before <- NULL
answers <- lapply(jobs, function(job) {
  data <- read(job$data)
  if (!is.null(job$gaps)) {
    set.seed(job$gaps)
    for (item in job$items) data[sample(nrow(data), 30), item] <- NA
  }
  if (!is.null(job$group)) data <- data[order(data[[job$group]]), ]
  if (!is.null(job$save)) write.csv(data[c(job$items, job$group)], job$save, row.names = FALSE)
  if (is.null(job$model)) return(NULL)
  fit <- lavaan::cfa(
    job$model,
    data = data,
    estimator = job$estimator,
    group = job$group,
    group.equal = if (is.null(job$equal)) "" else unlist(job$equal),
    missing = if (is.null(job$missing)) "listwise" else job$missing,
    std.lv = is.null(job$group) && is.null(job$free_scale),
    meanstructure = !is.null(job$free_scale) || !is.null(job$group) || !is.null(job$missing)
  )
  difference <- if (isTRUE(job$nested)) {
    unlist(lavaan::lavTestLRT(before, fit, method = "satorra.bentler.2001")[2, 5:7])
  }
  before <<- fit
  measures <- as.list(lavaan::fitMeasures(fit))
  estimates <- lavaan::parameterEstimates(fit)
  standard <- lavaan::standardizedSolution(fit)
  chosen <- function(table, op) {
    kept <- table$op == op
    table[kept, intersect(c("lhs", "rhs", "group", "est", "est.std", "se"), names(table))]
  }
  list(
    measures = measures,
    difference = unname(difference),
    loadings = chosen(estimates, "=~"),
    covariances = chosen(estimates, "~~"),
    intercepts = chosen(estimates, "~1"),
    standardised = chosen(standard, "=~")
  )
})
cat(jsonlite::toJSON(answers, auto_unbox = TRUE, digits = NA, dataframe = "columns"))

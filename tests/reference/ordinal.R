# Polychoric correlations, ordinal factor models and reliabilities as lavaan, semTools and psych
# have them, as JSON, one object a job.
#   Rscript ordinal.R jobs.json
# A job has data ("package::name"), items, model (lavaan's syntax) and save (a CSV file to write the
# complete rows of the items to).
# Packages: lavaan, semTools, psych, jsonlite, and those of the data; without one it ends with 3 and
# says which.
need <- function(package) {
  if (!requireNamespace(package, quietly = TRUE)) {
    message("no R package ", package)
    quit(status = 3)
  }
}
for (package in c("lavaan", "semTools", "psych", "jsonlite")) need(package)
read <- function(name) {
  parts <- strsplit(name, "::")[[1]]
  need(parts[1])
  as.data.frame(getExportedValue(parts[1], parts[2]))
}
jobs <- jsonlite::fromJSON(commandArgs(trailingOnly = TRUE)[1], simplifyDataFrame = FALSE)
answers <- lapply(jobs, function(job) {
  items <- unlist(job$items)
  data <- na.omit(read(job$data)[items])
  write.csv(data, job$save, row.names = FALSE)
  fit <- lavaan::cfa(
    job$model, data = data, ordered = items, estimator = "WLSMV", std.lv = TRUE
  )
  correlations <- unclass(lavaan::lavCor(data, ordered = items))
  # psych prints what it thinks of items that run against the others.
  invisible(capture.output(alpha <- psych::alpha(correlations, warnings = FALSE)))
  estimates <- lavaan::parameterEstimates(fit)
  chosen <- function(kept) estimates[kept, c("lhs", "rhs", "est", "se")]
  list(
    measures = as.list(lavaan::fitMeasures(fit)),
    shift = lavaan::lavInspect(fit, "test")[["scaled.shifted"]]$shift.parameter,
    correlations = correlations[items, items],
    psych = if (job$psych) psych::polychoric(data, correct = 0)$rho,
    alpha = alpha$total$std.alpha,
    loadings = chosen(estimates$op == "=~"),
    factors = chosen(estimates$op == "~~" & estimates$lhs != estimates$rhs),
    thresholds = chosen(estimates$op == "|"),
    omega = as.list(semTools::compRelSEM(fit, ord.scale = TRUE)),
    latent_omega = as.list(semTools::compRelSEM(fit, ord.scale = FALSE))
  )
})
cat(jsonlite::toJSON(answers, auto_unbox = TRUE, digits = NA, dataframe = "columns"))

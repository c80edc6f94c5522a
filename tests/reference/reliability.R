# Reliability of a scale and of its total measured twice, as psych computes them, as JSON.
#   Rscript reliability.R items.csv totals.csv reversed,item,names top
# Packages: psych, jsonlite; without them it ends with 3 and says which is missing.
for (package in c("psych", "jsonlite")) {
  if (!requireNamespace(package, quietly = TRUE)) {
    message("no R package ", package)
    quit(status = 3)
  }
}
arguments <- commandArgs(trailingOnly = TRUE)
items <- read.csv(arguments[1])
totals <- read.csv(arguments[2])
reversed <- strsplit(arguments[3], ",")[[1]]
items[reversed] <- as.numeric(arguments[4]) - items[reversed]
found <- psych::alpha(items, warnings = FALSE)
a <- found$total$raw_alpha
n <- nrow(items)
k <- ncol(items)
icc <- psych::ICC(totals, lmer = FALSE)$results
row <- function(name) as.numeric(icc[name, c("ICC", "lower bound", "upper bound")])
cat(jsonlite::toJSON(list(
  alpha = a,
  interval = 1 - (1 - a) * qf(c(.975, .025), n - 1, (n - 1) * (k - 1)),
  item_rest = found$item.stats$r.drop,
  alpha_if_dropped = found$alpha.drop$raw_alpha,
  sd = sd(rowSums(items)),
  absolute = row("Single_random_raters"),
  consistency = row("Single_fixed_raters")
), auto_unbox = TRUE, digits = NA))

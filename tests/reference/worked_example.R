# Fits the worked example in R and prints every figure as JSON.
#   Rscript worked_example.R worked_example.csv
# Packages: clubSandwich, lme4, jsonlite.
suppressPackageStartupMessages({
  library(clubSandwich)
  library(lme4)
})
data <- read.csv(commandArgs(trailingOnly = TRUE)[1], colClasses = c(t0 = "character", t1 = "character"))
total <- function(answers) sapply(strsplit(answers, ""), function(each) sum(as.integer(each)))
data$y0 <- total(data$t0)
data$y1 <- total(data$t1)

clustered <- function(fit, term) {
  rows <- lapply(c(CR0 = "CR0", CR1 = "CR1", CR1S = "CR1S", CR2 = "CR2"), function(type) {
    test <- coef_test(fit, vcov = vcovCR(fit, cluster = data$school, type = type), test = "Satterthwaite")
    row <- test[rownames(test) == term, ]
    list(estimate = row$beta, se = row$SE, df = row$df_Satt, p = row$p_Satt)
  })
  rows
}

mixed <- function(formula, REML) {
  fit <- suppressMessages(lmer(formula, data = data, REML = REML))
  variances <- as.data.frame(VarCorr(fit))$vcov
  list(fixed = as.list(fixef(fit)), se = as.list(sqrt(diag(as.matrix(vcov(fit))))),
    between = variances[1], within = variances[2],
    log_likelihood = as.numeric(logLik(fit)), is_singular = isSingular(fit))
}

cat(jsonlite::toJSON(list(
  strata = clustered(lm(y1 ~ arm + y0 + factor(la), data = data), "arm"),
  one_stratum = clustered(lm(y1 ~ arm + y0, data = data), "arm"),
  baseline_term = clustered(lm(y1 ~ arm + y0 + factor(la), data = data), "y0"),
  reml = mixed(y1 ~ arm + y0 + factor(la) + (1 | school), TRUE),
  ml = mixed(y1 ~ arm + y0 + factor(la) + (1 | school), FALSE),
  null = mixed(y1 ~ 1 + (1 | school), TRUE)
), auto_unbox = TRUE, digits = NA))

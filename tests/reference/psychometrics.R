# Reliability, item statistics, factors and omega of public data sets, as R computes them, as JSON.
#   Rscript psychometrics.R folder
# Writes the answers it used, reversed items turned, to folder/<set>.csv.
# Packages: psych, psychTools, GPArotation, lavaan, semTools, jsonlite; without them it ends with 3
# and says which is missing.
for (package in c("psych", "psychTools", "GPArotation", "lavaan", "semTools", "jsonlite")) {
  if (!requireNamespace(package, quietly = TRUE)) {
    message("no R package ", package)
    quit(status = 3)
  }
}
library(psych)
folder <- commandArgs(trailingOnly = TRUE)[1]

bfi <- psychTools::bfi[, 1:25]
for (item in c("A1", "C4", "C5", "E1", "E2", "O2", "O5")) bfi[[item]] <- 7 - bfi[[item]]
holzinger <- lavaan::HolzingerSwineford1939[, paste0("x", 1:9)]
ability <- as.data.frame(psychTools::ability)

quiet <- function(call) suppressMessages(suppressWarnings(call))

# Every halving once: with an even number of items the first stays in the first half.
halvings <- function(k) {
  if (k %% 2 == 0) rbind(1, combn(2:k, k / 2 - 1)) else combn(k, k %/% 2)
}

lambda4 <- function(C) {
  of <- function(o) 4 * sum(C[o, -o]) / sum(C)
  apply(halvings(ncol(C)), 2, of)
}

one_factor <- function(items) {
  names <- colnames(items)
  fit <- lavaan::cfa(paste("f =~", paste(names, collapse = " + ")), items, std.lv = TRUE)
  found <- lavaan::lavInspect(fit, "est")
  explained <- sum(found$lambda)^2
  list(
    implied = explained / (explained + sum(diag(found$theta))),
    observed = as.numeric(semTools::compRelSEM(fit))
  )
}

scale_of <- function(name, items, groups) {
  write.csv(items, file.path(folder, paste0(name, ".csv")), row.names = FALSE, na = "")
  complete <- na.omit(items)
  C <- cov(complete)
  a <- quiet(psych::alpha(complete, warnings = FALSE))
  g <- quiet(psych::guttman(cor(complete)))
  d <- psych::describe(items)
  k <- ncol(items)
  odd <- seq(1, k, 2)
  splits <- lambda4(C)
  r <- cor(rowSums(complete[, odd]), rowSums(complete[, -odd, drop = FALSE]))
  om <- quiet(psych::omega(complete, groups, plot = FALSE))
  list(
    n = nrow(complete),
    alpha = a$total$raw_alpha,
    standardised_alpha = a$total$std.alpha,
    average_r = a$total$average_r,
    g6 = a$total$`G6(smc)`,
    lambda2 = psych::splitHalf(C, covar = TRUE, check.keys = FALSE)$lambda2,
    of_correlations = c(g$lambda.1, g$lambda.2, g$lambda.5, g$lambda.6),
    item_rest = a$item.stats$r.drop,
    alpha_if_dropped = a$alpha.drop$raw_alpha,
    item_n = d$n, mean = d$mean, sd = d$sd, skew = d$skew,
    odd_even = r, spearman_brown = 2 * r / (1 + r),
    best = max(splits), worst = min(splits), mean_split = mean(splits), n_splits = length(splits),
    omega_h = om$omega_h, omega_t = om$omega.tot, general = as.numeric(om$schmid$sl[, "g"]),
    one_factor = one_factor(complete)
  )
}

solution <- function(f) {
  list(loadings = unclass(f$loadings), phi = f$Phi, communality = as.numeric(f$communality),
       variance = as.numeric(f$Vaccounted["SS loadings", ]))
}

factors_of <- function(name, items, m) {
  write.csv(items, file.path(folder, paste0(name, ".csv")), row.names = FALSE, na = "")
  complete <- na.omit(items)
  R <- cor(complete)
  n <- nrow(complete)
  bartlett <- psych::cortest.bartlett(R, n)
  set.seed(5)
  random <- replicate(200, eigen(cor(matrix(rnorm(n * ncol(R)), n)))$values)
  fit <- function(rotate) quiet(psych::fa(R, m, n.obs = n, rotate = rotate))
  ml <- factanal(covmat = R, n.obs = n, factors = m, rotation = "none")
  list(
    n = n,
    kmo = psych::KMO(R)$MSA, kmo_items = as.numeric(psych::KMO(R)$MSAi),
    bartlett = bartlett$chisq, bartlett_df = bartlett$df,
    eigenvalues = eigen(R)$values,
    random_mean = rowMeans(random),
    random_high = apply(random, 1, quantile, .95),
    oblimin = solution(fit("oblimin")), promax = solution(fit("promax")),
    ml_uniquenesses = as.numeric(ml$uniquenesses)
  )
}

agreeableness <- bfi[, paste0("A", 1:5)]
neuroticism <- bfi[, paste0("N", 1:5)]
cat(jsonlite::toJSON(list(
  scales = list(
    agreeableness = scale_of("agreeableness", agreeableness, 2),
    neuroticism = scale_of("neuroticism", neuroticism, 2),
    holzinger = scale_of("holzinger", holzinger, 3),
    ability = scale_of("ability", ability, 4)
  ),
  factors = list(
    bfi25 = factors_of("bfi25", bfi, 5),
    holzinger9 = factors_of("holzinger9", holzinger, 3),
    ability16 = factors_of("ability16", ability, 4)
  )
), auto_unbox = TRUE, digits = NA))

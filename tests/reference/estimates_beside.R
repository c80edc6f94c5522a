# R's figures for the estimates that stand beside the primary one, on the worked example and on a
# real school trial (Angrist & Lavy 2009, as shipped with clubSandwich). Prints JSON.
#   Rscript estimates_beside.R worked_example.csv rows.csv   (rows.csv is written by
#   achievement_awards.R)
# Packages: lmerTest, pbkrtest, clubSandwich, estimatr, mice, jsonlite.
suppressPackageStartupMessages({
  library(lmerTest)
  library(clubSandwich)
  library(estimatr)
})
paths <- commandArgs(trailingOnly = TRUE)
total <- function(answers) sapply(strsplit(answers, ""), function(each) sum(as.integer(each)))
data <- read.csv(paths[1], colClasses = c(t0 = "character", t1 = "character"))
data <- transform(data, y0 = total(t0), y1 = total(t1), la = factor(la))
data$complied <- as.numeric(data$sessions >= 5)
rows <- read.csv(paths[2])
rows$pair <- factor(rows$pair)
rows$third <- as.integer(factor(rows$school_id)) %% 3
rows$dose <- rows$treated * (rows$school_id %% 4 != 0)

mixed <- function(model, term) {
  small_sample <- function(ddf) {
    row <- summary(model, ddf = ddf)$coefficients[term, ]
    list(estimate = row[["Estimate"]], se = row[["Std. Error"]], df = row[["df"]],
      p = row[["Pr(>|t|)"]])
  }
  list(satterthwaite = small_sample("Satterthwaite"), kenward_roger = small_sample("Kenward-Roger"))
}

joint <- function(fit, cluster, pattern) {
  test <- Wald_test(fit, constrain_zero(pattern, reg_ex = TRUE), vcov = "CR2", cluster = cluster,
    test = "HTZ")
  list(statistic = test$Fstat, numerator = test$df_num, denominator = test$df_denom, p = test$p_val)
}

two_stages <- function(formula, first, data, cluster) {
  data$cluster <- data[[cluster]]
  fit <- iv_robust(formula, data = data, clusters = cluster, se_type = "CR2")
  fitted <- lm_robust(first, data = data, clusters = cluster, se_type = "CR2")
  list(estimate = fit$coefficients[[2]], se = fit$std.error[[2]], df = fit$df[[2]],
    p = fit$p.value[[2]], first_stage_f = fitted$statistic[[2]]^2)
}

# Each school counts once: mean residuals of the model without the arm, two-sample t.
of_means <- function(formula, data, cluster, arm, n_between) {
  data$residual <- residuals(lm(formula, data))
  means <- aggregate(data[c("residual", arm)], data[cluster], mean)
  test <- t.test(means$residual[means[[arm]] == 1], means$residual[means[[arm]] == 0],
    var.equal = TRUE)
  df <- nrow(means) - 2 - n_between
  t <- unname(test$statistic)
  list(estimate = unname(test$estimate[1] - test$estimate[2]), se = test$stderr, df = df,
    p = 2 * pt(-abs(t), df))
}

# Every allocation of the design: within each stratum, as many schools to the arm as there were.
exact <- function(data, outcome, covariates, cluster, stratum, arm) {
  model <- model.matrix(covariates, data)
  basis <- qr.Q(qr(model))
  residual <- residuals(lm.fit(model, data[[outcome]]))
  sums <- rowsum(cbind(residual, 1, basis), data[[cluster]])
  schools <- unique(data[c(cluster, stratum, arm)])
  schools <- schools[order(schools[[cluster]]), ]
  totals <- list(matrix(0, 1, ncol(sums)))
  for (members in split(seq_len(nrow(schools)), schools[[stratum]])) {
    chosen <- combn(length(members), sum(schools[[arm]][members]))
    part <- t(apply(chosen, 2, function(each) colSums(sums[members[each], , drop = FALSE])))
    before <- totals[[1]]
    totals[[1]] <- before[rep(seq_len(nrow(before)), each = nrow(part)), , drop = FALSE] +
      part[rep(seq_len(nrow(part)), nrow(before)), , drop = FALSE]
  }
  coefficient <- function(z) z[, 1] / (z[, 2] - rowSums(z[, -(1:2), drop = FALSE]^2))
  observed <- coefficient(rbind(colSums(sums[schools[[arm]] == 1, , drop = FALSE])))
  all <- coefficient(totals[[1]])
  list(coefficient = observed, n = length(all), p = mean(abs(all) >= abs(observed) - 1e-12))
}

pooled <- mice::pool.scalar(c(0.31, 0.45, 0.28, 0.52, 0.39), c(0.021, 0.025, 0.019, 0.023, 0.022),
  n = 22, k = 4)
school <- lm(Bagrut_status ~ factor(third) + lagscore + pair, rows)
cat(jsonlite::toJSON(list(
  mixed = mixed(lmer(y1 ~ arm + y0 + la + (1 | school), data), "arm"),
  mixed_awards = mixed(
    lmer(Bagrut_status ~ treated + scale(lagscore) + (1 | school_id), rows), "treated"),
  joint = joint(lm(y1 ~ arm + y0 + la, data), data$school, "^la"),
  joint_awards = joint(school, rows$school_id, "third"),
  two_stages = two_stages(y1 ~ complied + y0 + la | arm + y0 + la, complied ~ arm + y0 + la, data,
    "school"),
  two_stages_awards = two_stages(Bagrut_status ~ dose + lagscore | treated + lagscore,
    dose ~ treated + lagscore, rows, "school_id"),
  means = of_means(y1 ~ y0 + la, data, "school", "arm", 3),
  means_awards = of_means(Bagrut_status ~ lagscore, rows, "school_id", "treated", 0),
  exact = exact(data, "y1", ~ y0 + la, "school", "la", "arm"),
  pooled = list(estimate = pooled$qbar, within = pooled$ubar, between = pooled$b, total = pooled$t,
    df = pooled$df)
), auto_unbox = TRUE, digits = NA))

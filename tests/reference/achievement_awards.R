# A real school trial randomised in pairs: Angrist & Lavy (2009), Am. Econ. Rev. 99:1384, as
# shipped with clubSandwich. Writes the rows used to a file and prints R's figures as JSON.
#   Rscript achievement_awards.R rows.csv
# Packages: clubSandwich, lme4, jsonlite.
suppressPackageStartupMessages({
  library(clubSandwich)
  library(lme4)
})
data(AchievementAwardsRCT, package = "clubSandwich")
rows <- as.data.frame(AchievementAwardsRCT)
rows <- rows[rows$year == "2001", c("school_id", "pair", "treated", "Bagrut_status", "lagscore")]
rows <- rows[complete.cases(rows), ]
# Schools of one person, which the trial itself has none of.
singletons <- sort(unique(rows$school_id))[c(3, 10, 20)]
rows <- rows[!(rows$school_id %in% singletons & duplicated(rows$school_id)), ]
write.csv(rows, commandArgs(trailingOnly = TRUE)[1], row.names = FALSE)

fit <- lm(Bagrut_status ~ treated + lagscore + factor(pair), data = rows)
test <- coef_test(fit, vcov = "CR2", cluster = rows$school_id, test = "Satterthwaite")
row <- test[rownames(test) == "treated", ]
stata <- vcovCR(fit, cluster = rows$school_id, type = "CR1S")
model <- lmer(Bagrut_status ~ treated + scale(lagscore) + (1 | school_id), data = rows)
variances <- as.data.frame(VarCorr(model))$vcov
cat(jsonlite::toJSON(list(
  n = nrow(rows), n_clusters = length(unique(rows$school_id)),
  cr2 = list(estimate = row$beta, se = row$SE, df = row$df_Satt, p = row$p_Satt),
  cr1s_se = sqrt(stata["treated", "treated"]),
  reml = list(estimate = fixef(model)[["treated"]],
    se = sqrt(as.matrix(vcov(model))["treated", "treated"]),
    between = variances[1], within = variances[2],
    log_likelihood = as.numeric(logLik(model)))
), auto_unbox = TRUE, digits = NA))

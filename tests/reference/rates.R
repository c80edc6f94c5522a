# What a Poisson regression by arm with CR2 standard errors gives for the counts in the file named,
# and what a linear regression of each school's rate gives, as JSON.
suppressMessages(library(clubSandwich))
rows <- read.csv(commandArgs(trailingOnly = TRUE)[1])
rows$arm <- factor(rows$arm, levels = c("control", "supervision"))
fit <- glm(
  events ~ arm + offset(log(exposure)), family = poisson, data = rows,
  control = glm.control(epsilon = 1e-14, maxit = 100)
)
V <- vcovCR(fit, cluster = rows$school, type = "CR2")
rows$rate <- rows$events / rows$exposure
line <- estimatr::lm_robust(
  rate ~ arm + before, data = rows, clusters = school, se_type = "CR2"
)
found <- c(
  log_ratio = coef(fit)[["armsupervision"]],
  se = sqrt(V[2, 2]),
  rate = exp(coef(fit)[["(Intercept)"]]),
  se_of_log_rate = sqrt(V[1, 1]),
  difference = line$coefficients[["armsupervision"]],
  difference_se = line$std.error[["armsupervision"]],
  difference_df = line$df[["armsupervision"]],
  difference_p = line$p.value[["armsupervision"]]
)
cat("{", paste0('"', names(found), '": ', format(found, digits = 17), collapse = ", "), "}\n")

"""What the compared gates measure: small works whose amount is a number of units."""

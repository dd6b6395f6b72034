/** Which reviews of a study's analyses are current. */

import { type Review, standingReview } from "@cordline/sdk";

/** The last review of an analysis, unless it was withdrawn. */
export function currentReview(reviews: readonly Review[], job: string): Review | undefined {
  return standingReview(reviews.filter((one) => one.job === job));
}

/** The current reviews of the study's other analyses (corrections, for example), newest first. */
export function otherReviews(reviews: readonly Review[], job: string): Review[] {
  const others = [...new Set(reviews.map((one) => one.job))].filter((one) => one !== job);
  const found = others.flatMap((one) => currentReview(reviews, one) ?? []);
  return found.sort((a, b) => b.at_ms - a.at_ms);
}

/** What readers said of a study's analyses, and which of it stands. */

import { type Review, standingReview } from "@cordline/sdk";

/** The word that stands for an analysis: the last one, unless that took it back. */
export function standing(reviews: readonly Review[], job: string): Review | undefined {
  return standingReview(reviews.filter((one) => one.job === job));
}

/** The words that stand for other analyses of the study, newest first: a reader's correction is one. */
export function standingElsewhere(reviews: readonly Review[], job: string): Review[] {
  const others = [...new Set(reviews.map((one) => one.job))].filter((one) => one !== job);
  const found = others.flatMap((one) => standing(reviews, one) ?? []);
  return found.sort((a, b) => b.at_ms - a.at_ms);
}

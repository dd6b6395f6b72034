/** The current review of this analysis, and the buttons for a verdict of this reader. */

import type { Review } from "@cordline/sdk";
import { useState } from "react";
import type { Job } from "../job";
import { currentReview, otherReviews } from "../reviews";
import type { PanelState } from "../state";
import type { Store } from "../store";
import { strings } from "../strings";
import { whyNotRequest, whyNotShow } from "./obstacles";
import { RejectForm } from "./RejectForm";
import { BAD, button, card, faint, GOOD, quiet, row, shared, WARN } from "./styles";

interface Props {
  store: Store;
  state: PanelState;
  job: Job;
}

export function Verdict({ store, state, job }: Props) {
  const [rejecting, setRejecting] = useState(false);
  const { reviews } = state;
  const current = currentReview(reviews, job.id);
  const [other] = otherReviews(reviews, job.id);
  const notAllowed = whyNotRequest(state);
  const cannotShow = whyNotShow(state);
  const submit = async (verdict: Review["verdict"], reason = "") => {
    // A reason that was not taken stays, to be sent again.
    if (await store.review(verdict, reason)) setRejecting(false);
  };
  return (
    <section aria-label={strings.reader} style={card}>
      {current && <CurrentReview review={current} />}
      {state.reviewsUnknown !== undefined && (
        <output data-testid="cordline-reviews-unknown" style={{ ...faint, color: WARN, display: "block" }}>
          {strings.reviewsUnknown(state.reviewsUnknown)}
        </output>
      )}
      {current?.job !== job.id && other && (
        <div style={{ ...row, ...faint }} data-testid="cordline-elsewhere">
          <span>{strings.elsewhere(describe(other))}</span>
          <button
            type="button"
            data-testid="cordline-show-that"
            style={quiet}
            disabled={cannotShow !== undefined}
            title={cannotShow}
            onClick={() => void store.showJob(other.job)}
          >
            {strings.showThat}
          </button>
        </div>
      )}
      <div style={{ ...row, marginTop: current ? 6 : 0 }}>
        <button
          type="button"
          data-testid="cordline-accept"
          style={{ ...(current ? shared : { ...button, width: "auto", padding: "5px 8px" }), flex: "1 1 28%" }}
          disabled={notAllowed !== undefined}
          aria-pressed={current?.verdict === "accepted"}
          title={notAllowed}
          onClick={() => current?.verdict !== "accepted" && void submit("accepted")}
        >
          {strings.accept}
        </button>
        <button
          type="button"
          data-testid="cordline-reject"
          style={{ ...shared, flex: "1 1 28%" }}
          disabled={notAllowed !== undefined}
          aria-expanded={rejecting}
          aria-pressed={current?.verdict === "rejected"}
          title={notAllowed}
          onClick={() => setRejecting(!rejecting)}
        >
          {strings.reject}
        </button>
        {current && (
          <button
            type="button"
            data-testid="cordline-withdraw"
            style={{ ...shared, flex: "1 1 28%" }}
            disabled={notAllowed !== undefined}
            title={notAllowed}
            onClick={() => void submit("withdrawn")}
          >
            {strings.withdraw}
          </button>
        )}
      </div>
      {rejecting && (
        <RejectForm
          disabled={notAllowed !== undefined}
          submit={(reason) => void submit("rejected", reason)}
          close={() => setRejecting(false)}
        />
      )}
    </section>
  );
}

/** "Rejected by R., 12:40: too large" */
function CurrentReview({ review }: { review: Review }) {
  const colour = review.verdict === "rejected" ? BAD : GOOD;
  return (
    <output data-testid="cordline-verdict" style={{ display: "block", color: colour, fontWeight: 600 }}>
      {describe(review)}
    </output>
  );
}

function describe({ verdict, reader, at_ms, reason }: Review): string {
  const done = verdict === "rejected" ? strings.rejectedBy : strings.acceptedBy;
  return done(reader, strings.moment(at_ms), reason);
}

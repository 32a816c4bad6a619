package anonymize

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/lethe-go/lethe/kanon"
)

// PlanVersion is the version of the plan format that this package reads and
// writes.
const PlanVersion = 1

// Plan is what a pipeline learned from a table: together with the policy and
// the keys it turns any shard of that table into its part of the output. It is
// the same for any batching, order of rows and number of workers. A plan holds
// values and rare combinations of them and is as confidential as the table.
type Plan struct {
	Version int `json:"version"`
	// Policy is the SHA-256 of the policy it was fitted under.
	Policy string `json:"policy"`
	// Fitted says on which table.
	Fitted *Fitted `json:"fitted"`
	// Anonymity is nil where the policy has no quasi-identifiers.
	Anonymity *kanon.Plan `json:"anonymity,omitempty"`
}

// SHA256 is the digest of the plan's JSON form, in lower-case hexadecimal.
func (p *Plan) SHA256() (string, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("anonymize: plan: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// check refuses a plan that does not belong to the policy.
func (p *Plan) check(policy *Policy) error {
	if p.Version != PlanVersion {
		return fmt.Errorf("anonymize: plan: version is %d, want %d", p.Version, PlanVersion)
	}
	if p.Policy != policy.digest() {
		return fmt.Errorf("anonymize: plan: it was fitted under another policy; fit it again")
	}
	if (p.Anonymity == nil) != (len(policy.quasi()) == 0) {
		return fmt.Errorf("anonymize: plan: it and the policy disagree on quasi-identifiers")
	}
	return nil
}

package kinpict

// Severities of a Finding. A refused one stops the request before anything is
// charged, advice stops nothing.
const (
	Refused = "refused"
	Advice  = "advice"
)

// A Finding is one thing about a person's words that they should know before
// anything is charged.
type Finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity" enum:"refused,advice"`
	Words    string `json:"words" doc:"The words it is about, as they were written; empty where it is about all of them."`
	At       int    `json:"at" doc:"Where these words begin, in characters from the start."`
	Message  string `json:"message" doc:"What is the matter, in one sentence."`
	Help     string `json:"help" doc:"What would help, in one sentence."`
}

// Package pseudonym replaces identifiers in Arrow columns by tokens under a
// key, so that rows of one person can still be joined and the person can no
// longer be read.
//
// Start with [CreateKeyFile], once, then [Open] the key and give [New] the
// columns to replace:
//
//	kr, err := pseudonym.Open(ctx, pseudonym.KeyFile("keys.json"))
//	p, err := pseudonym.New(kr, pseudonym.Column{
//		Name:   "patient_id",
//		Field:  pseudonym.Field{Domain: "ward-study", Entity: "patient"},
//		Method: pseudonym.HMAC{},
//	})
//	out, err := p.Transform(ctx, rec)
//
// # What joins
//
// A token is a function of the key, the [Field] and the value. Columns with
// the same Domain and Entity carry the same token for the same value, in any
// table; with another Domain, Entity or Dataset the tokens are as unrelated as
// if the keys were. Values are compared in their canonical encoding:
//
//	strings                the bytes as they are: no case folding, trimming or
//	                       Unicode normalization
//	binary                 the bytes as they are
//	integers               decimal text without leading zeros: 42 joins "42",
//	                       not "042"
//	date32, date64         ISO 8601 text: joins "2024-02-29"; a date64 with a
//	                       time of day is an error
//	dictionaries           as their values, each distinct value once
//
// A null stays null. An empty string is a value like any other and gets a
// token, unless [Column] says otherwise; there, too, are sentinels such as "N/A"
// and the canonical forms by which spellings of one value are made equal. What
// a column says is part of its [Column.Spec]. Lists are pseudonymized element by
// element. Floating point numbers, booleans, times, decimals and other nested
// columns are refused by name.
//
// # Methods
//
// [HMAC] and [CMAC] make tokens that nobody reverses without trying values.
// [SIV] makes tokens that package reid opens. [FF1] and [Email] keep the shape of
// a value. [DateShift] moves the dates of a person and keeps their intervals.
// [Redact], [Mask] and [Constant] have no key and make no tokens. For what HIPAA
// calls Safe Harbor, dates are cut to the year, ages above 89 pooled and ZIP
// codes cut to three digits by package anonymize; a code derived from the value,
// as all tokens here are, is for expert determination, and package crosswalk has
// random ones.
//
// # Guards
//
// [Counts] sees what a release holds and refuses it if a column has so few
// values, or one so frequent, that its tokens can be read by their frequencies;
// and if its tokens are too short for the number of its values. Package
// anonymize asks it before it commits anything. [Manifest] says how a release
// was made.
//
// # What is not promised
//
// Tokens are deterministic: who sees a column of them sees which rows are
// equal and how often each value occurs, and who can have values of their own
// choice pseudonymized can test guesses. A column of few distinct values is
// therefore not protected by a token; generalize or drop it. Pseudonymized
// data is personal data in the sense of the GDPR for anybody who can get at
// the key. Keys live in ordinary memory of the process until it ends.
//
// # Keys
//
// A keyring is a Tink keyset of HKDF-SHA256 PRF keys, which tinkey can read
// and rotate. Each column works under a sub-key
//
//	HKDF-SHA256(key, info), info = label, operation, domain, entity, dataset,
//	parameters, each preceded by its length as an unsigned varint
//
// with the label "lethe.pseudonym/v1" (HKDF: RFC 5869; HMAC: RFC 2104). SIV takes
// 64 bytes, every other method 32. A new primary key changes every token; [Keyring.ID] tells which one was used.
//
// # Speed
//
// One core of a shared Xeon with SHA and AES instructions, an Arrow column of
// 16-byte identifiers, nothing allocated per row. The machine was busy, so these
// are the fastest of some thousand batches of 1,000 rows (of the dictionary and
// of sampling, the mean of batches of 65,536). A block of SHA-256 by itself took
// 100 ns and one of AES 8.3 ns at that time:
//
//	HMAC to base32               191 ns a row    5.2 million rows a second
//	CMAC to base32               37 ns           27
//	CMAC to binary               27 ns           38
//	SIV to base32                108 ns          9.2
//	FF1, 16 digits               214 ns          4.7
//	FF1, a card number           262 ns          3.8
//	Email, domain kept           278 ns          3.6
//	dictionary of 64, HMAC       4.6 ns          219
//	sampling a dictionary of 64  4.8 ns          207
//
// The limit of an HMAC are its two blocks of SHA-256 without what a call adds,
// 102 ns; the standard library's HMAC took 203 ns in the same run, the one here
// 161. A CMAC of 16 bytes is one block of AES: the rest is reading, base32 and
// writing. SIV needs two blocks for 16 bytes, FF1 ten, one after the other,
// which it does for 64 values side by side; several in one instruction would
// take assembly.
//
// go test -bench Methods reports the figures of another machine.
package pseudonym

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
// 64 bytes, every other method 32. A new primary key changes every token;
// [Keyring.ID] tells which one was used.
//
// # Speed
//
// One core of a shared Xeon with AVX-512, an Arrow column of 16-byte identifiers,
// batches of 8,192 rows (of the dictionary 65,536), nothing allocated per row.
// The limit of the hardware is what the cryptography takes by itself, timed in
// the same run. The machine was busy, so best are the fastest of some hundred
// batches, in millions of rows a second; worked counts the time that processors
// worked for the process, with the caches shared and the garbage collected:
//
//	                             best   ns a row   limit, ns   worked
//	HMAC to base32               18.6   54         46          12
//	CMAC to base32               86     12         1.4         33
//	CMAC to binary               110    9          1.4         55
//	SIV to base32                36     28         2.8         17
//	FF1, 16 digits               15     65         14          10
//	FF1, a card number           5.4    190        14          4
//	Email, domain kept           3.6    280                    2
//	dictionary of 64, HMAC       840    1.2                    340
//
// Where the processor has the instructions, HMAC hashes sixteen texts and AES
// encrypts four blocks in one instruction; elsewhere, and in FIPS mode, the
// standard library does the work, at 5 million HMACs, 30 million CMACs, 10 million
// SIV and 5 million FF1 tokens a second. An HMAC takes two blocks of SHA-256, a
// CMAC of 16 bytes one block of AES, SIV two, FF1 ten, one after the other: beyond
// HMAC the time goes to reading, base32, digits and writing. Small batches in a
// small program wait for the garbage collector; larger ones do so less.
//
// go test -bench Methods reports the figures of another machine.
package pseudonym

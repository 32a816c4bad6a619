// Package linkage encodes people as keyed Bloom filters, so that a third party
// can find the same person in the tables of two organizations although names
// are misspelt, and without being told the names.
//
// Both organizations hold the same keyring, made for this project and no other,
// and the same [Config]. Each gives its table to an [Encoder]; the party that
// links gets the filters and has no key:
//
//	e, err := linkage.New(kr, linkage.Config{
//		Project: pseudonym.Field{Domain: "registry-2026", Entity: "person"},
//		Features: []linkage.Feature{
//			{Column: "given_name", Canonical: []string{"trim", "nfc", "fold"}, Bits: 200},
//			{Column: "family_name", Canonical: []string{"trim", "nfc", "fold"}, Bits: 300},
//			{Column: "birth_date", Bits: 250},
//		},
//		Hardening: linkage.Fold,
//	})
//	filters, err := e.Encode(ctx, rec)          // fixed_size_binary[128]
//	pairs, err := linkage.Pairs(ctx, left, right, 0.8)
//
// # The encoding
//
// A filter is a cryptographic long-term key [1, 2] of 1,024 bits. The value of
// each feature is canonicalized and cut into its distinct n-grams. Ends are not
// padded: a padded n-gram marks where a word begins and is the first thing that
// an attacker finds. Each n-gram sets bits whose positions are independent
// 16-bit words of HMAC-SHA256(key of the feature, counter, n-gram). Two
// hash functions combined into many, as in [1], would give the same few
// patterns again and again, which [4] reads. A feature sets about Bits bits
// whatever the length of its value, so that a filter does not tell how long a
// name is and a long address does not outweigh a birth date. The key of a
// feature is derived from the keyring, the project and the name of the feature.
//
// Then the filter is hardened. [Fold] sets 2,048 bits and writes the exclusive
// or of the two halves [3]: a bit no longer says that an n-gram occurs.
// [Balance] sets 512 bits and writes them with their complements, in an order
// that depends on the key [5]: all filters have 512 ones, so that their number
// tells nothing.
//
// Two filters are compared by their Dice coefficient, twice the number of
// common ones by the number of ones in both. Unrelated people do not have 0 but
// about 0.3 to 0.5; look at the distribution of your own table before you
// choose a threshold.
//
// # What is not promised
//
// A filter is pseudonymous data, not anonymous. It is deterministic: equal
// people have equal filters, and who has the filters sees how often each
// occurs. Known attacks need no key:
//
//   - Frequent filters are aligned with frequent names, and the n-grams behind
//     the bits follow by constraint solving [6] or from the bits that
//     co-occur [4].
//   - Sets of bits that occur together often are mined and assigned to n-grams
//     that do [7, 8]. This works on filters of a single frequent feature, on a
//     table of any size; several features in one filter, a weight that does not
//     depend on the length, and hardening make it harder. They do not make it
//     impossible, and there is no proof.
//   - Who holds the key encodes all the names of a register and looks them up.
//     The party that links must not hold it, and none who holds it should see
//     the filters of the others.
//   - Filters of two projects under one key link to each other. Give each
//     project a keyring, or at least a Domain, of its own.
//   - The pairs and their similarities are themselves information: a graph of
//     similarities can be matched to that of a register.
//
// So [New] wants at least three features and a hardening. Hand the filters to a
// trustee under contract, delete them after the linkage, and publish neither
// filters nor similarities.
//
// # Speed
//
// On one core of a busy shared Xeon 230,000 people a second are encoded by three
// features of 400 bits each, and 30 million pairs a second compared; go test
// -bench . reports the figures of another machine.
//
//	[1] Schnell, Bachteler, Reiher (2009). Privacy-preserving record linkage
//	    using Bloom filters. BMC Medical Informatics and Decision Making 9:41.
//	[2] Schnell, Bachteler, Reiher (2011). A novel error-tolerant anonymous
//	    linking code. German Record Linkage Center, WP-GRLC-2011-02.
//	[3] Schnell, Borgs (2016). XOR-folding for Bloom filter-based encryptions
//	    for privacy-preserving record linkage. German Record Linkage Center,
//	    WP-GRLC-2016-03.
//	[4] Niedermeyer, Steinmetzer, Kroll, Schnell (2014). Cryptanalysis of basic
//	    Bloom filters used for privacy preserving record linkage. Journal of
//	    Privacy and Confidentiality 6(2).
//	[5] Schnell, Borgs (2016). Randomized response and balanced Bloom filters
//	    for privacy preserving record linkage. IEEE ICDM Workshops.
//	[6] Kuzu, Kantarcioglu, Durham, Malin (2011). A constraint satisfaction
//	    cryptanalysis of Bloom filters in private record linkage. PETS.
//	[7] Christen, Ranbaduge, Vatsalan, Schnell (2019). Precise and fast
//	    cryptanalysis for Bloom filter based privacy-preserving record linkage.
//	    IEEE Transactions on Knowledge and Data Engineering 31(11).
//	[8] Vidanage, Ranbaduge, Christen, Schnell (2019). Efficient pattern mining
//	    based cryptanalysis for privacy-preserving record linkage. IEEE ICDE.
package linkage

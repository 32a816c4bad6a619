package main

import "strings"

// names holds every full name there is, so that a row costs no memory.
type names struct {
	given [4]int // start of each list in full
	full  []string
}

// givenNames is the length of each list of given names.
const givenNames = 40

// The lists are in order of how common a name is: women and men born before
// 1975, then those born since.
var given = [4]string{
	`Maria Margaret Helen Ruth Anna Barbara Elisabeth Susan Ursula Joan Carol Irene Monica Judith
	Gisela Christine Renate Dorothy Eva Teresa Brigitte Angela Marta Frances Rosa Ingrid Edith Karin
	Sylvia Agnes Vera Hannelore Olga Louise Elena Johanna Yvonne Gerda Rita Hedwig`,
	`Peter John Michael Hans Robert Thomas William Wolfgang James Klaus Joseph Richard Karl George
	Heinz Manfred Charles Paul Jürgen Walter Frank Antonio Werner Gerhard Ivan Edward Raymond Helmut
	Francesco Dieter Harold Kurt Albert Bernard Otto Ernst Stanislav Eugene Rolf Hermann`,
	`Emma Sarah Laura Julia Lea Sophie Lisa Emily Mia Hannah Katharina Olivia Nina Lena Jessica Amelia
	Clara Zoe Aylin Chloe Isabella Nadia Charlotte Fatima Alina Grace Jana Maya Ella Victoria Selin
	Yara Paula Rebecca Ines Mila Amina Ida Leonie Noor`,
	`Daniel Alexander David Lukas Leon Noah Ben Jonas Elias Felix Samuel Adam Max Luca Jan Liam Oliver
	Mohammed Tim Simon Julian Ali Jakob Marco Ethan Nico Omar Emil Mateo Anton Yusuf Kevin Oscar Levi
	Can Theo Hassan Erik Ravi Milan`,
}

// familyNames are in order of how common they are.
var familyNames = strings.Fields(`Miller Schmidt Smith Fischer Weber Johnson Wagner Becker Brown
	Schulz Hoffmann Koch Richter Klein Wolf Martin Schröder Neumann Schwarz Zimmermann Braun Krüger
	Hartmann Lange Werner Krause Lehmann Köhler Maier Walter König Mayer Huber Kaiser Fuchs Peters
	Scholz Möller Weiß Jung Hahn Vogel Friedrich Keller Günther Berger Winkler Lorenz Baumann Franke
	Albrecht Simon Ludwig Böhm Winter Kraus Martinez Garcia Nguyen Yilmaz Kaya Demir Novak Kowalski
	Nowak Ivanov Popov Rossi Russo Ferrari Lopez Silva Santos Costa Jansen Bakker Visser Dubois Moreau
	Laurent Andersson Hansen Larsen Nielsen Virtanen Horvat Kovacs Nagy Popescu Ionescu Papadopoulos
	Ahmed Hussein Khan Patel Singh Chen Wang Kim Tanaka Okafor Mensah Diallo Traore Haddad Mansour
	Rahimi Hosseini Petrov Sokolov Bondarenko Shevchenko Murphy Walsh Byrne Campbell Stewart Evans
	Hughes Achterberg Zwingli`)

func newNames() *names {
	n := &names{}
	for i, list := range given {
		n.given[i] = len(n.full)
		for _, first := range strings.Fields(list) {
			for _, last := range familyNames {
				n.full = append(n.full, first+" "+last)
			}
		}
	}
	return n
}

// of is the person's full name.
func (n *names) of(p *person) string {
	const since1975 = 5 * 365 // days after 1970-01-01
	list := int(p.sex)
	if p.birth > since1975 {
		list += 2
	}
	return n.full[n.given[list]+int(p.given)*len(familyNames)+int(p.family)]
}

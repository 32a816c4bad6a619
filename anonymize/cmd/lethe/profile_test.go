package main

import "testing"

func TestIdentifies(t *testing.T) {
	for name, want := range map[string]bool{
		"national_id": true, "FirstName": true, "e-mail": true, "patientID": true, "ID": true,
		"Social-Security": true, "phone2": true, "IP address": true, "customer.name": true,
		"age": false, "valid": false, "paid": false, "ward": false, "identity": false, "zip": false,
		"": false, "mailbox_size": false,
	} {
		if got := identifies(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

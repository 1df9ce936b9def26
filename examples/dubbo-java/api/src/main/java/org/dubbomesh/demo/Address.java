package org.dubbomesh.demo;

import java.io.Serializable;

/** Where a user lives. */
public class Address implements Serializable {
    private static final long serialVersionUID = 1L;

    private String city;
    private String street;

    public Address() {}

    public Address(String city, String street) {
        this.city = city;
        this.street = street;
    }

    public String getCity() {
        return city;
    }

    public void setCity(String city) {
        this.city = city;
    }

    public String getStreet() {
        return street;
    }

    public void setStreet(String street) {
        this.street = street;
    }
}

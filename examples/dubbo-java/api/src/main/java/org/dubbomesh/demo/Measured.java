package org.dubbomesh.demo;

import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;

/**
 * What makes a call generic (a float as a field) with what generic answers have in another form: times, and fields whose
 * getters are called otherwise.
 */
public class Measured implements Serializable {
    private static final long serialVersionUID = 1L;

    private float weight;
    private Instant at;
    private OffsetDateTime planned;
    private Duration lasted;
    private String URL;
    private boolean isFinal;

    public float getWeight() {
        return weight;
    }

    public void setWeight(float weight) {
        this.weight = weight;
    }

    public Instant getAt() {
        return at;
    }

    public void setAt(Instant at) {
        this.at = at;
    }

    public OffsetDateTime getPlanned() {
        return planned;
    }

    public void setPlanned(OffsetDateTime planned) {
        this.planned = planned;
    }

    public Duration getLasted() {
        return lasted;
    }

    public void setLasted(Duration lasted) {
        this.lasted = lasted;
    }

    public String getURL() {
        return URL;
    }

    public void setURL(String url) {
        this.URL = url;
    }

    public boolean isFinal() {
        return isFinal;
    }

    public void setFinal(boolean last) {
        this.isFinal = last;
    }
}

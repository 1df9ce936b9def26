package org.dubbomesh.demo;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A field of each type. */
public class Wide implements Serializable {
    private static final long serialVersionUID = 1L;

    public boolean flag;
    public byte tiny;
    public short small;
    public int medium;
    public long big;
    public double real;
    public char letter;
    public Integer boxed;
    public Long boxedLong;
    public String text;
    public BigDecimal decimal;
    public BigInteger integer;
    public Date date;
    public LocalDate day;
    public LocalDateTime moment;
    public Role role;
    public byte[] bytes;
    public int[] ints;
    public String[] strings;
    public List<Long> longs;
    public List<Address> addresses;
    public Set<String> names;
    public Map<String, Address> homes;
    public Map<Integer, String> numbered;
    public Object anything;
}

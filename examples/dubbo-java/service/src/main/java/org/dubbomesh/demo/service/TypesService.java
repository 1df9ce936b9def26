package org.dubbomesh.demo.service;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.dubbomesh.demo.Address;
import org.dubbomesh.demo.Holder;
import org.dubbomesh.demo.Measured;
import org.dubbomesh.demo.Node;
import org.dubbomesh.demo.Page;
import org.dubbomesh.demo.Pair;
import org.dubbomesh.demo.QuotaException;
import org.dubbomesh.demo.Role;
import org.dubbomesh.demo.Shape;
import org.dubbomesh.demo.Types;
import org.dubbomesh.demo.User;
import org.dubbomesh.demo.Wide;

/** The implementation of {@link Types}. */
public final class TypesService implements Types {
    @Override
    public boolean ofBoolean(boolean value) {
        return value;
    }

    @Override
    public byte ofByte(byte value) {
        return value;
    }

    @Override
    public short ofShort(short value) {
        return value;
    }

    @Override
    public int ofInt(int value) {
        return value;
    }

    @Override
    public long ofLong(long value) {
        return value;
    }

    @Override
    public float ofFloat(float value) {
        return value;
    }

    @Override
    public double ofDouble(double value) {
        return value;
    }

    @Override
    public char ofChar(char value) {
        return value;
    }

    @Override
    public Boolean ofBoxedBoolean(Boolean value) {
        return value;
    }

    @Override
    public Byte ofBoxedByte(Byte value) {
        return value;
    }

    @Override
    public Short ofBoxedShort(Short value) {
        return value;
    }

    @Override
    public Integer ofInteger(Integer value) {
        return value;
    }

    @Override
    public Long ofBoxedLong(Long value) {
        return value;
    }

    @Override
    public Float ofBoxedFloat(Float value) {
        return value;
    }

    @Override
    public Double ofBoxedDouble(Double value) {
        return value;
    }

    @Override
    public Character ofCharacter(Character value) {
        return value;
    }

    @Override
    public String ofString(String value) {
        return value;
    }

    @Override
    public BigDecimal ofBigDecimal(BigDecimal value) {
        return value;
    }

    @Override
    public BigInteger ofBigInteger(BigInteger value) {
        return value;
    }

    @Override
    public Date ofDate(Date value) {
        return value;
    }

    @Override
    public LocalDate ofLocalDate(LocalDate value) {
        return value;
    }

    @Override
    public LocalTime ofLocalTime(LocalTime value) {
        return value;
    }

    @Override
    public LocalDateTime ofLocalDateTime(LocalDateTime value) {
        return value;
    }

    @Override
    public Instant ofInstant(Instant value) {
        return value;
    }

    @Override
    public Role ofEnum(Role value) {
        return value;
    }

    @Override
    public User ofObject(User value) {
        use(value);
        return value;
    }

    @Override
    public Object ofAnything(Object value) {
        return value;
    }

    @Override
    public String classOf(Object value) {
        return value == null ? "null" : value.getClass().getName();
    }

    @Override
    public byte[] ofBytes(byte[] value) {
        return value;
    }

    @Override
    public int[] ofInts(int[] value) {
        return value;
    }

    @Override
    public long[] ofLongs(long[] value) {
        return value;
    }

    @Override
    public double[] ofDoubles(double[] value) {
        return value;
    }

    @Override
    public boolean[] ofBooleans(boolean[] value) {
        return value;
    }

    @Override
    public String[] ofStrings(String[] value) {
        return value;
    }

    @Override
    public User[] ofObjects(User[] value) {
        for (User user : value) {
            use(user);
        }
        return value;
    }

    @Override
    public int[][] ofMatrix(int[][] value) {
        return value;
    }

    @Override
    public List<String> ofStringList(List<String> value) {
        return value;
    }

    @Override
    public List<Integer> ofIntegerList(List<Integer> value) {
        for (Integer number : value) {
            number.intValue();
        }
        return value;
    }

    @Override
    public List<Long> ofLongList(List<Long> value) {
        for (Long number : value) {
            number.longValue();
        }
        return value;
    }

    @Override
    public List<User> ofUserList(List<User> value) {
        value.forEach(TypesService::use);
        return value;
    }

    @Override
    public List<List<Integer>> ofNestedList(List<List<Integer>> value) {
        for (List<Integer> row : value) {
            for (Integer number : row) {
                number.intValue();
            }
        }
        return value;
    }

    @Override
    public List<Role> ofEnumList(List<Role> value) {
        for (Role role : value) {
            role.name();
        }
        return value;
    }

    @Override
    public Set<String> ofSet(Set<String> value) {
        return value;
    }

    @Override
    public Collection<Long> ofCollection(Collection<Long> value) {
        for (Long number : value) {
            number.longValue();
        }
        return value;
    }

    @Override
    public Map<String, Integer> ofCounts(Map<String, Integer> value) {
        for (Integer count : value.values()) {
            count.intValue();
        }
        return value;
    }

    @Override
    public Map<String, User> ofUsers(Map<String, User> value) {
        value.values().forEach(TypesService::use);
        return value;
    }

    @Override
    public Map<Long, String> ofNumbered(Map<Long, String> value) {
        for (Long key : value.keySet()) {
            key.longValue();
        }
        return value;
    }

    @Override
    public Map<Role, Integer> ofRoles(Map<Role, Integer> value) {
        for (Role role : value.keySet()) {
            role.name();
        }
        return value;
    }

    @Override
    public Map<String, List<User>> ofGroups(Map<String, List<User>> value) {
        value.values().forEach(group -> group.forEach(TypesService::use));
        return value;
    }

    @Override
    public Wide ofWide(Wide value) {
        for (Long number : value.longs == null ? List.<Long>of() : value.longs) {
            number.longValue();
        }
        for (Address address : value.addresses == null ? List.<Address>of() : value.addresses) {
            address.getCity();
        }
        for (Integer key : value.numbered == null ? Set.<Integer>of() : value.numbered.keySet()) {
            key.intValue();
        }
        return value;
    }

    @Override
    public Node ofNode(Node value) {
        return value;
    }

    @Override
    public Page<User> ofPage(Page<User> value) {
        value.items.forEach(TypesService::use);
        use(value.first);
        return value;
    }

    @Override
    public Shape ofShape(Shape value) {
        value.area();
        return value;
    }

    @Override
    public List<Shape> ofShapes(List<Shape> value) {
        value.forEach(Shape::area);
        return value;
    }

    @Override
    public Measured measure(Measured value) {
        if (value.getAt() != null) {
            value.getAt().getNano();
        }
        if (value.getPlanned() != null) {
            value.getPlanned().getYear();
        }
        return value;
    }

    @Override
    public Holder<User> held(Holder<User> value) {
        if (value.value != null) {
            value.value.getName();
        }
        for (User user : value.others == null ? List.<User>of() : value.others) {
            user.getName();
        }
        return value;
    }

    @Override
    public Pair<User, Address> paired(Pair<User, Address> value) {
        value.left.getName();
        value.right.getCity();
        return value;
    }

    @Override
    public Optional<String> optional(Optional<String> value) {
        return value;
    }

    @Override
    public double many(int a, long b, double c, Integer d, Long e, String f, boolean g, BigDecimal h) {
        return a + b + c + d + e + f.length() + (g ? 1 : 0) + h.doubleValue();
    }

    @Override
    public void nothing() {
        // there is nothing to do
    }

    @Override
    public String none() {
        return null;
    }

    @Override
    public List<User> shared() {
        User user = new User();
        user.setId(1);
        user.setName("Ann");
        return new ArrayList<>(List.of(user, user));
    }

    @Override
    public Node cycle() {
        Node node = new Node();
        node.name = "ring";
        node.next = node;
        return node;
    }

    @Override
    public List<User> large(int count) {
        List<User> users = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            User user = new User();
            user.setId(i);
            user.setName("user " + i);
            user.setRole(Role.MEMBER);
            user.setHome(new Address("Hamburg", "Hafenweg " + i));
            users.add(user);
        }
        return users;
    }

    @Override
    public String text(int length) {
        return "x".repeat(length);
    }

    @Override
    public String failUnchecked(String message) {
        throw new QuotaException(message, 7, Role.ADMIN);
    }

    @Override
    public String failError(String message) {
        throw new StackOverflowError(message);
    }

    @Override
    public String failNested(String message) {
        throw new IllegalStateException(message, new IllegalArgumentException("the cause"));
    }

    /** Fails unless it is a user with users' fields. */
    private static void use(User user) {
        if (user.getAddresses() != null) {
            user.getAddresses().forEach(Address::getCity);
        }
    }
}

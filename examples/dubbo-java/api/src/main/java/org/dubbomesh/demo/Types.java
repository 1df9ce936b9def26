package org.dubbomesh.demo;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A method for each Java type that a call may carry. Each answers its argument, after it has used it as what it is
 * declared to be: a map in the place of a user does not get by.
 */
public interface Types {
    boolean ofBoolean(boolean value);

    byte ofByte(byte value);

    short ofShort(short value);

    int ofInt(int value);

    long ofLong(long value);

    float ofFloat(float value);

    double ofDouble(double value);

    char ofChar(char value);

    Boolean ofBoxedBoolean(Boolean value);

    Byte ofBoxedByte(Byte value);

    Short ofBoxedShort(Short value);

    Integer ofInteger(Integer value);

    Long ofBoxedLong(Long value);

    Float ofBoxedFloat(Float value);

    Double ofBoxedDouble(Double value);

    Character ofCharacter(Character value);

    String ofString(String value);

    BigDecimal ofBigDecimal(BigDecimal value);

    BigInteger ofBigInteger(BigInteger value);

    Date ofDate(Date value);

    LocalDate ofLocalDate(LocalDate value);

    LocalTime ofLocalTime(LocalTime value);

    LocalDateTime ofLocalDateTime(LocalDateTime value);

    Instant ofInstant(Instant value);

    Role ofEnum(Role value);

    User ofObject(User value);

    Object ofAnything(Object value);

    /** Answers the name of the class of what arrived. */
    String classOf(Object value);

    byte[] ofBytes(byte[] value);

    int[] ofInts(int[] value);

    long[] ofLongs(long[] value);

    double[] ofDoubles(double[] value);

    boolean[] ofBooleans(boolean[] value);

    String[] ofStrings(String[] value);

    User[] ofObjects(User[] value);

    int[][] ofMatrix(int[][] value);

    List<String> ofStringList(List<String> value);

    List<Integer> ofIntegerList(List<Integer> value);

    List<Long> ofLongList(List<Long> value);

    List<User> ofUserList(List<User> value);

    List<List<Integer>> ofNestedList(List<List<Integer>> value);

    List<Role> ofEnumList(List<Role> value);

    Set<String> ofSet(Set<String> value);

    Collection<Long> ofCollection(Collection<Long> value);

    Map<String, Integer> ofCounts(Map<String, Integer> value);

    Map<String, User> ofUsers(Map<String, User> value);

    Map<Long, String> ofNumbered(Map<Long, String> value);

    Map<Role, Integer> ofRoles(Map<Role, Integer> value);

    Map<String, List<User>> ofGroups(Map<String, List<User>> value);

    Wide ofWide(Wide value);

    Node ofNode(Node value);

    Page<User> ofPage(Page<User> value);

    Shape ofShape(Shape value);

    List<Shape> ofShapes(List<Shape> value);

    /** Answers its argument, after it has used all of it. */
    Measured measure(Measured value);

    Holder<User> held(Holder<User> value);

    Pair<User, Address> paired(Pair<User, Address> value);

    Optional<String> optional(Optional<String> value);

    /** Answers the sum of its arguments. */
    double many(int a, long b, double c, Integer d, Long e, String f, boolean g, BigDecimal h);

    void nothing();

    String none();

    /** Answers a list that holds one user twice. */
    List<User> shared();

    /** Answers a node that is its own next one. */
    Node cycle();

    /** Answers a list of that many users. */
    List<User> large(int count);

    /** Answers text of that many characters. */
    String text(int length);

    String failUnchecked(String message);

    String failError(String message);

    String failNested(String message);
}

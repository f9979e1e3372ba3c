namespace Guardian.CleanRoom.Contract;

/// <summary>The identifier of a person in a data set, and its normalisation before it is tagged (docs/spec/room.md).</summary>
/// <param name="Kind">The kind of identifier.</param>
/// <param name="Profile">The rules that normalise it.</param>
/// <param name="Column">Header of its column in the owner's file; empty for a composite, whose parts have columns.</param>
/// <param name="Form">The form of the cells.</param>
/// <param name="Region">For phone numbers without a country code: the country, two letters (ISO 3166-1); null when all have one.</param>
public sealed record Identifier(
    IdentifierKind Kind, IdentifierProfile Profile, string Column, IdentifierForm Form = IdentifierForm.Clear, string? Region = null)
{
    /// <summary>
    /// Whether persons are tagged by the hash of their identifier: true when any data set of the room has only hashes.
    /// </summary>
    public bool IsMatchedByHash { get; init; }

    /// <summary>The parts of a composite, in the order in which they are tagged.</summary>
    public IReadOnlyList<Identifier> Parts { get; init; } = [];

    /// <summary>
    /// For a part: whether its cell may be empty. If it may not, a row with an empty cell has no identifier. A row whose parts are all
    /// empty never has one.
    /// </summary>
    public bool IsOptional { get; init; }

    /// <summary>For a composite: whether its names are tagged in alphabetical order, so that swapped first and last names match.</summary>
    public bool IsAnyOrder { get; init; }

    /// <summary>For a date: the order of day, month and year in the file.</summary>
    public DateOrder Order { get; init; }

    /// <summary>Its columns in the owner's file.</summary>
    public IReadOnlyList<string> Columns => Parts.Count == 0 ? [Column] : [.. Parts.Select(part => part.Column)];

    /// <summary>The properties that two data sets must share, or nobody matches.</summary>
    internal string Rule => Parts.Count == 0
        ? $"{Kind} {Profile}{(IsOptional ? " optional" : "")}"
        : string.Join(", ", Parts.Select(part => part.Rule)) + (IsAnyOrder ? ", any order" : "");

    /// <summary>The profiles of a kind by the names that contracts use; the first is the default.</summary>
    public static IReadOnlyDictionary<string, IdentifierProfile> Profiles(IdentifierKind kind) => kind switch
    {
        IdentifierKind.Email => new Dictionary<string, IdentifierProfile>
        {
            ["plain"] = IdentifierProfile.Plain,
            ["google"] = IdentifierProfile.Google,
            ["uid2"] = IdentifierProfile.Uid2,
            ["meta"] = IdentifierProfile.Meta,
        },
        IdentifierKind.Phone => new Dictionary<string, IdentifierProfile>
        {
            ["google"] = IdentifierProfile.Google, ["uid2"] = IdentifierProfile.Uid2, ["meta"] = IdentifierProfile.Meta,
        },
        IdentifierKind.Composite => new Dictionary<string, IdentifierProfile> { ["plain"] = IdentifierProfile.Plain },
        IdentifierKind.Date => new Dictionary<string, IdentifierProfile>
        {
            ["plain"] = IdentifierProfile.Plain, ["unordered"] = IdentifierProfile.Unordered,
        },
        IdentifierKind.Name => new Dictionary<string, IdentifierProfile>
        {
            ["plain"] = IdentifierProfile.Plain, ["exact"] = IdentifierProfile.Exact, ["sound"] = IdentifierProfile.Sound,
        },
        IdentifierKind.Maid or IdentifierKind.Uid2 or IdentifierKind.Euid or IdentifierKind.RampId =>
            new Dictionary<string, IdentifierProfile> { ["exact"] = IdentifierProfile.Exact },
        IdentifierKind.Postcode => new Dictionary<string, IdentifierProfile>
        {
            ["plain"] = IdentifierProfile.Plain, ["us"] = IdentifierProfile.Us,
        },
        _ => new Dictionary<string, IdentifierProfile>
        {
            ["plain"] = IdentifierProfile.Plain, ["exact"] = IdentifierProfile.Exact,
        },
    };
}

/// <summary>Kinds of identifier.</summary>
public enum IdentifierKind
{
    /// <summary>E-mail address.</summary>
    Email,

    /// <summary>Telephone number.</summary>
    Phone,

    /// <summary>Customer number.</summary>
    CustomerId,

    /// <summary>A person's name, or a part of it; only as a part of a composite.</summary>
    Name,

    /// <summary>A day, such as the date of birth; only as a part of a composite.</summary>
    Date,

    /// <summary>Postal code; only as a part of a composite.</summary>
    Postcode,

    /// <summary>Several parts that together identify a person.</summary>
    Composite,

    /// <summary>Advertising identifier of a mobile device: IDFA, GAID.</summary>
    Maid,

    /// <summary>Raw UID2. It depends on case.</summary>
    Uid2,

    /// <summary>Raw EUID. It depends on case.</summary>
    Euid,

    /// <summary>RampID of one receiver's encoding. It depends on case.</summary>
    RampId,
}

/// <summary>
/// The rules that normalise an identifier. They differ because a data set that was hashed elsewhere can match only under the rules by
/// which it was hashed.
/// </summary>
public enum IdentifierProfile
{
    /// <summary>
    /// E-mail: all white space removed, lower case. Customer number: all white space removed, upper case. Name: only letters and digits,
    /// lower case, Latin letters without accents. Date: 1985-11-24. Postcode: only letters and digits, upper case.
    /// </summary>
    Plain,

    /// <summary>
    /// E-mail: as plain; before @ of gmail.com and googlemail.com no dots and nothing from "+" on. Phone: E.164 with "+".
    /// </summary>
    Google,

    /// <summary>E-mail: trimmed, lower case; before @ of gmail.com no dots and nothing from "+" on. Phone: E.164 with "+".</summary>
    Uid2,

    /// <summary>E-mail: trimmed, lower case. Phone: E.164 without "+".</summary>
    Meta,

    /// <summary>Customer number: trimmed, nothing else. Name: trimmed, lower case. Others: in the one form that their systems give them.
    /// </summary>
    Exact,

    /// <summary>Postcode: the first five digits of five or nine.</summary>
    Us,

    /// <summary>Name: a code of its consonants, so that names that sound alike, or are written alike but for vowels, match.</summary>
    Sound,

    /// <summary>Date: the year, then the lesser and the greater of day and month, so that swapped days and months match.</summary>
    Unordered,
}

/// <summary>The order of the parts of a date in a file.</summary>
public enum DateOrder
{
    /// <summary>1985-11-24, 19851124.</summary>
    YearMonthDay,

    /// <summary>24.11.1985, 24/11/1985.</summary>
    DayMonthYear,

    /// <summary>11/24/1985.</summary>
    MonthDayYear,

    /// <summary>31375: the number by which Excel stores a day of its 1900 calendar, with or without a fraction of the day.</summary>
    Serial,
}

/// <summary>The orders of dates by the names that contracts use.</summary>
public static class DateOrders
{
    /// <summary>The orders; the first is the default.</summary>
    public static IReadOnlyDictionary<string, DateOrder> Names { get; } = new Dictionary<string, DateOrder>
    {
        ["ymd"] = DateOrder.YearMonthDay,
        ["dmy"] = DateOrder.DayMonthYear,
        ["mdy"] = DateOrder.MonthDayYear,
        ["excel"] = DateOrder.Serial,
    };
}

/// <summary>The form of an identifier in the cells of its column.</summary>
public enum IdentifierForm
{
    /// <summary>The identifier itself.</summary>
    Clear,

    /// <summary>SHA-256 of the normalised identifier: 64 hex digits, or the base64 of its 32 bytes.</summary>
    Sha256,
}

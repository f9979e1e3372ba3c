namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Guesses the meaning of a column from the words of its header, in English and German.</summary>
internal static class HeaderWords
{
    private static readonly string[] Personal =
    [
        "name", "first", "surname", "nachname", "street", "strasse", "straße", "address", "adresse", "mail", "phone", "telefon", "mobile",
        "handy", "iban", "account", "konto", "birth", "geburt", "dob", "ssn", "soc_sec", "passport", "ausweis", "note", "comment",
        "bemerkung", "kommentar", "free", "text", "postcode", "zip", "plz", "ip_", "_ip", "cookie", "device", "maid", "uid", "rampid",
    ];

    private static readonly string[] Numbers =
        ["_id", "id_", "_nr", "_no", "number", "nummer", "customer", "kunde", "member", "user", "person", "client"];

    private static readonly HashSet<string> FirstNames = ["firstname", "forename", "givenname", "given", "vorname", "rufname", "fname"];

    private static readonly HashSet<string> LastNames = ["lastname", "surname", "familyname", "nachname", "familienname", "lname"];

    private static readonly HashSet<string> FullNames = ["name", "fullname", "personname", "customername", "kundenname"];

    /// <summary>Whether cells below such a header are probably about one person each.</summary>
    public static bool IsPersonal(string header) =>
        Has(header, Personal) && !Has(header, "campaign", "product", "store", "shop", "segment");

    /// <summary>Whether it is the header of a number by which a company knows a person.</summary>
    public static bool IsCustomerNumber(string header) =>
        header.Equals("id", StringComparison.OrdinalIgnoreCase)
        || (Has(header, Numbers) && !Has(header, "order", "campaign", "product", "store", "shop", "transaction", "event", "segment"));

    /// <summary>The part of a person that cells below a header are; null for none.</summary>
    public static PersonPart? PartOf(string header)
    {
        var word = string.Concat(header.Where(char.IsLetter)).ToLowerInvariant();
        return FirstNames.Contains(word) ? PersonPart.FirstName
            : LastNames.Contains(word) ? PersonPart.LastName
            : FullNames.Contains(word) ? PersonPart.FullName
            : Has(word, "birth", "geburt") || word is "dob" or "gebdatum" ? PersonPart.BirthDate
            : Has(word, "postcode", "postalcode", "zip", "postleitzahl") || word == "plz" ? PersonPart.Postcode
            : null;
    }

    /// <summary>Whether a header has one of several words.</summary>
    public static bool Has(string header, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (header.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return false;
    }
}

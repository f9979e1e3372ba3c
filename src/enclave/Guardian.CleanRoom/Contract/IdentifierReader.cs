using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads the identifier of a data set of a contract.</summary>
internal static class IdentifierReader
{
    private const int MaxParts = 8;

    private static readonly Dictionary<string, IdentifierKind> Alone = new()
    {
        ["email"] = IdentifierKind.Email,
        ["phone"] = IdentifierKind.Phone,
        ["customer_id"] = IdentifierKind.CustomerId,
        ["maid"] = IdentifierKind.Maid,
        ["uid2"] = IdentifierKind.Uid2,
        ["euid"] = IdentifierKind.Euid,
        ["rampid"] = IdentifierKind.RampId,
        ["composite"] = IdentifierKind.Composite,
    };

    private static readonly Dictionary<string, IdentifierKind> AsPart = new()
    {
        ["name"] = IdentifierKind.Name,
        ["date"] = IdentifierKind.Date,
        ["postcode"] = IdentifierKind.Postcode,
        ["email"] = IdentifierKind.Email,
        ["phone"] = IdentifierKind.Phone,
        ["customer_id"] = IdentifierKind.CustomerId,
    };

    private static readonly Dictionary<string, IdentifierForm> Forms = new()
    {
        ["clear"] = IdentifierForm.Clear,
        ["sha256"] = IdentifierForm.Sha256,
    };

    /// <summary>The most identifiers of a data set. Each is one more sort of all rows.</summary>
    internal const int MaxIdentifiers = 8;

    /// <summary>Reads the member <c>identifier</c>, or the list <c>identifiers</c>.</summary>
    /// <returns>At least one.</returns>
    public static IReadOnlyList<Identifier> Read(YamlMap entry)
    {
        if (entry.Has("identifiers"))
        {
            var all = entry.Maps("identifiers").Select(ReadOne).ToList();
            if (entry.Has("identifier") || all.Count is < 1 or > MaxIdentifiers)
            {
                entry.ReportAt("identifiers", $"a data set has one 'identifier', or a list of 1 to {MaxIdentifiers} 'identifiers'");
            }
            if (all.Count > 0)
            {
                return all;
            }
        }
        else if (entry.Map("identifier") is { } map)
        {
            return [ReadOne(map)];
        }
        else if (!entry.Has("identifier"))
        {
            entry.ReportMissing("identifier");
        }
        return [new Identifier(IdentifierKind.Email, IdentifierProfile.Plain, "")];
    }

    private static Identifier ReadOne(YamlMap map)
    {
        if (!map.Has("kind"))
        {
            map.ReportMissing("kind");
        }
        var kind = map.Word("kind", Alone, IdentifierKind.Email);
        if (kind == IdentifierKind.Composite)
        {
            return ReadComposite(map);
        }
        var identifier = ReadColumn(map, kind) with { Form = map.Word("form", Forms, IdentifierForm.Clear) };
        map.End();
        return identifier;
    }

    private static Identifier ReadComposite(YamlMap map)
    {
        var parts = map.Maps("parts").Select(ReadPart).ToList();
        if (parts.Count is < 2 or > MaxParts)
        {
            map.ReportAt("parts", $"a composite identifier has 2 to {MaxParts} parts, not {parts.Count}");
        }
        if (parts.GroupBy(part => part.Column).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            map.ReportAt("parts", $"column '{twice.Key}' is in two parts");
        }
        var names = parts.Where(part => part.Kind == IdentifierKind.Name).ToList();
        var isAnyOrder = map.Flag("any_order", absent: false);
        if (isAnyOrder && (names.Count < 2 || names.DistinctBy(part => (part.Profile, part.IsOptional)).Count() > 1))
        {
            map.ReportAt("any_order", "'any_order' is for two or more names of one profile, all optional or none");
        }
        map.End();
        return new Identifier(IdentifierKind.Composite, IdentifierProfile.Plain, "") { Parts = parts, IsAnyOrder = isAnyOrder };
    }

    private static Identifier ReadPart(YamlMap map)
    {
        if (!map.Has("kind"))
        {
            map.ReportMissing("kind");
        }
        var kind = map.Word("kind", AsPart, IdentifierKind.Name);
        if (kind != IdentifierKind.Date && map.Has("order"))
        {
            map.ReportAt("order", "'order' is for dates");
        }
        var part = ReadColumn(map, kind) with
        {
            IsOptional = map.Flag("optional", absent: false),
            Order = map.Word("order", DateOrders.Names, DateOrder.YearMonthDay),
        };
        map.End();
        return part;
    }

    private static Identifier ReadColumn(YamlMap map, IdentifierKind kind)
    {
        var profiles = Identifier.Profiles(kind);
        var identifier = new Identifier(
            kind, map.Word("profile", profiles, profiles.First().Value), map.Text("column"), Region: map.OptionalText("region"));
        if (identifier.Region is { } region
            && (kind != IdentifierKind.Phone || region.Length != 2 || !region.All(char.IsAsciiLetterUpper)))
        {
            map.ReportAt("region", "'region' is for phone numbers: two upper-case letters such as US or DE");
        }
        return identifier;
    }
}

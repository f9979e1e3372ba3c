using System.Security.Cryptography;
using System.Text;
using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Client.Tests.Normalisation;

public class IdentifierNormaliserTests
{
    [Theory]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "  Anna.Kern@Example.COM ", "anna.kern@example.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "a b+tag@x.org", "ab+tag@x.org")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "ÄRGER@example.com", "ärger@example.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "", "")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, " \t", "")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "no-at-sign", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "@example.com", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "anna@", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Plain, "a@b@c", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Google, "Jane.Saoirse+work@GoogleMail.com", "janesaoirse@googlemail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Google, "j ane@gmail.com", "jane@gmail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Google, "+all@gmail.com", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Uid2, "Jane.Saoirse+work@GoogleMail.com", "jane.saoirse+work@googlemail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Uid2, "jane saoirse@example.com", null)]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Meta, "John_Smith@gmail.com", "john_smith@gmail.com")]
    [InlineData(IdentifierKind.Email, IdentifierProfile.Meta, " J.S+x@gmail.com ", "j.s+x@gmail.com")]
    [InlineData(IdentifierKind.CustomerId, IdentifierProfile.Plain, " ab-12 34 ", "AB-1234")]
    [InlineData(IdentifierKind.CustomerId, IdentifierProfile.Plain, " ", "")]
    [InlineData(IdentifierKind.CustomerId, IdentifierProfile.Exact, " ab-12 34 ", "ab-12 34")]
    // The vectors of docs/spec/room.md.
    [InlineData(IdentifierKind.Name, IdentifierProfile.Plain, " O'Brien-Smith ", "obriensmith")]
    [InlineData(IdentifierKind.Name, IdentifierProfile.Plain, "M\u00dcLLER", "muller")]
    [InlineData(IdentifierKind.Name, IdentifierProfile.Plain, "Mu\u0308ller", "muller")]
    [InlineData(IdentifierKind.Name, IdentifierProfile.Plain, "Stra\u00dfe \u00c6r\u00f8 \u0141\u00f3d\u017a", "strasseaerolodz")]
    [InlineData(IdentifierKind.Name, IdentifierProfile.Plain, "Nguy\u1ec5n", "nguyen")]
    [InlineData(
        IdentifierKind.Name, IdentifierProfile.Plain,
        "\u0418\u0432\u0430\u043d\u043e\u0432", "\u0438\u0432\u0430\u043d\u043e\u0432")]
    [InlineData(IdentifierKind.Name, IdentifierProfile.Plain, " - ", "nobody")]
    [InlineData(IdentifierKind.Name, IdentifierProfile.Exact, " O'Brien ", "o'brien")]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "19851124", "1985-11-24")]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "1985/3/7", "1985-03-07")]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "1985-02-29", null)]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "85-11-24", null)]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "1985-11", null)]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "1985-11-24-1", null)]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "1985--11-24", null)]
    [InlineData(IdentifierKind.Date, IdentifierProfile.Plain, "", "")]
    [InlineData(IdentifierKind.Postcode, IdentifierProfile.Plain, "sw1a 1aa", "SW1A1AA")]
    [InlineData(IdentifierKind.Postcode, IdentifierProfile.Plain, "12345-6789", "123456789")]
    [InlineData(IdentifierKind.Postcode, IdentifierProfile.Us, "12345-6789", "12345")]
    [InlineData(IdentifierKind.Postcode, IdentifierProfile.Us, "02134", "02134")]
    [InlineData(IdentifierKind.Postcode, IdentifierProfile.Us, "2134", null)]
    public void Identifiers_are_written_alike(IdentifierKind kind, IdentifierProfile profile, string text, string? expected) =>
        Assert.Equal(expected, Normalise(new Identifier(kind, profile, "id"), text));

    // Nobody's identifiers, and other spellings of one address.
    [Theory]
    [InlineData("mailto:max@example.com", "max@example.com")]
    [InlineData("MAILTO:Max@Example.com?subject=Hi", "max@example.com")]
    [InlineData("Max M <max@example.com>", "max@example.com")]
    [InlineData("\"max@example.com\"", "max@example.com")]
    [InlineData("max@example.com;", "max@example.com")]
    [InlineData("max@example.com;moritz@example.com", null)]
    [InlineData("max@example.com, moritz", null)]
    [InlineData("x@example.com.", "x@example.com")]
    [InlineData("j\u00f6rg@m\u00fcller.de", "j\u00f6rg@xn--mller-kva.de")]
    [InlineData("jo\u0308rg@mu\u0308ller.de", "j\u00f6rg@xn--mller-kva.de")]
    [InlineData("j\u00f6rg@XN--MLLER-KVA.de", "j\u00f6rg@xn--mller-kva.de")]
    [InlineData("x@b\u00fccher.example\u3002com", "x@xn--bcher-kva.example.com")]
    [InlineData("x@\u4f8b\u3048.\u30c6\u30b9\u30c8", "x@xn--r8jz45g.xn--zckzah")]
    [InlineData("zero\u200bwidth@example.com", "zerowidth@example.com")]
    [InlineData("\ufeffx@example.com", "x@example.com")]
    [InlineData("nbsp\u00a0x@example.com", "nbspx@example.com")]
    [InlineData("a@b", null)]
    [InlineData("a@b..de", null)]
    [InlineData("a@.de", null)]
    [InlineData("NULL", "nobody")]
    [InlineData("n/a", "nobody")]
    [InlineData("noreply@example.com", "nobody")]
    [InlineData("No-Reply@shop.de", "nobody")]
    [InlineData("unknown@example.com", "nobody")]
    [InlineData("test@test.com", "nobody")]
    [InlineData("x@mail.invalid", "nobody")]
    [InlineData("anna@example.org^12.50^Köln", null)]
    [InlineData("anna@example.org|12.50", null)]
    [InlineData("anna@[127.0.0.1]", null)]
    [InlineData("\"anna b\"@example.org", null)]
    [InlineData("anna@mail_1.example.org", "anna@mail_1.example.org")]
    [InlineData("an\u200bna@exam\u00adple.org", "anna@example.org")]
    [InlineData("nullmann@example.com", "nullmann@example.com")]
    public void An_address_is_one_in_every_spelling_and_nobodys_is_none(string text, string? expected) =>
        Assert.Equal(expected, Normalise(new Identifier(IdentifierKind.Email, IdentifierProfile.Google, "id"), text));

    [Theory]
    [InlineData("DE", "0000000000", "nobody")]
    [InlineData("DE", "+49 111 1111111", "nobody")]
    [InlineData("DE", "0123456789", "nobody")]
    [InlineData("US", "(999) 999-9999", "nobody")]
    [InlineData("DE", "1234", null)]
    [InlineData("DE", "unknown", "nobody")]
    [InlineData("DE", "0151 23456789", "+4915123456789")]
    [InlineData(null, "+683 4002", "+6834002")]
    [InlineData("DE", "1234567890.0", "nobody")]
    public void Repeated_digits_and_numbers_that_are_too_short_are_no_phones(string? region, string text, string? expected) =>
        Assert.Equal(expected, Normalise(new Identifier(IdentifierKind.Phone, IdentifierProfile.Google, "id", Region: region), text));

    [Theory]
    [InlineData(IdentifierKind.Maid, "38400000-8CF0-11BD-B23E-10B96E40000D", "38400000-8cf0-11bd-b23e-10b96e40000d")]
    [InlineData(IdentifierKind.Maid, "{384000008cf011bdb23e10b96e40000d}", "38400000-8cf0-11bd-b23e-10b96e40000d")]
    [InlineData(IdentifierKind.Maid, "00000000-0000-0000-0000-000000000000", "nobody")]
    [InlineData(IdentifierKind.Maid, "38400000-8cf0-11bd-b23e-10b96e40000", null)]
    [InlineData(IdentifierKind.Maid, "38400000-8cf0-11bd-b23e-10b96e40000g", null)]
    [InlineData(
        IdentifierKind.Uid2, "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=")]
    [InlineData(IdentifierKind.Euid, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "nobody")]
    [InlineData(IdentifierKind.Uid2, "tMmiiTI7", null)]
    [InlineData(
        IdentifierKind.RampId, "XYabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU",
        "XYabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU")]
    [InlineData(IdentifierKind.RampId, "xyabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU", null)]
    [InlineData(IdentifierKind.CustomerId, "000000", "nobody")]
    [InlineData(IdentifierKind.CustomerId, "N/A", "nobody")]
    [InlineData(IdentifierKind.CustomerId, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "nobody")]
    [InlineData(IdentifierKind.Date, "1900-01-01", "nobody")]
    [InlineData(IdentifierKind.Date, "9999-12-31", "nobody")]
    [InlineData(IdentifierKind.Name, "Null", "null")]
    [InlineData(IdentifierKind.Name, "n/a", "nobody")]
    public void Identifiers_of_devices_and_networks_keep_their_form(IdentifierKind kind, string text, string? expected) =>
        Assert.Equal(expected, Normalise(new Identifier(kind, Identifier.Profiles(kind).Values.First(), "id"), text));

    [Theory]
    [InlineData("")]
    [InlineData("NULL")]
    [InlineData("null")]
    [InlineData("0000000000")]
    [InlineData("+0000000000")]
    [InlineData("1234567890")]
    [InlineData("unknown")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public void The_hash_of_nobodys_identifier_is_nobodys(string text)
    {
        var hashed = new Identifier(IdentifierKind.Email, IdentifierProfile.Meta, "id", IdentifierForm.Sha256);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
        Assert.Equal("nobody", Normalise(hashed, Convert.ToHexString(hash)));
        Assert.Equal("nobody", Normalise(hashed, Convert.ToBase64String(hash)));
        Assert.Equal("nobody", Normalise(hashed, new string('0', 64)));
        Assert.Equal(
            "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514",
            Normalise(hashed, "0xB4C9A289323B21A01C3E940F150EB9B8C542587F1ABFD8F0E1CC1FFC5E475514"));
        Assert.Equal(
            "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514",
            Normalise(hashed, "\\xb4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"));
    }

    [Theory]
    [InlineData(DateOrder.Serial, "31375", "1985-11-24")]
    [InlineData(DateOrder.Serial, "31375.75", "1985-11-24")]
    [InlineData(DateOrder.Serial, "60", null)]
    [InlineData(DateOrder.DayMonthYear, "24.11.1985", "1985-11-24")]
    [InlineData(DateOrder.DayMonthYear, "7/3/1985", "1985-03-07")]
    [InlineData(DateOrder.DayMonthYear, "24111985", "1985-11-24")]
    [InlineData(DateOrder.MonthDayYear, "11/24/1985", "1985-11-24")]
    [InlineData(DateOrder.MonthDayYear, "24/11/1985", null)]
    [InlineData(DateOrder.DayMonthYear, "1985-11-24", null)]
    public void Dates_are_read_in_their_files_order(DateOrder order, string text, string? expected) =>
        Assert.Equal(expected, Normalise(new Identifier(IdentifierKind.Date, IdentifierProfile.Plain, "id") { Order = order }, text));

    // The test vector of docs/spec/room.md, computed by an implementation in another language.
    [Fact]
    public void A_composite_is_its_parts_as_netstrings_under_one_tag()
    {
        var identifier = Composite();
        string[] cells = [" M\u00fcller ", "24.11.1985", "sw1a 1aa"];
        var buffer = new char[RowIdentifier.BufferSize];
        var length = new RowIdentifier(identifier, [0, 1, 2], column => cells[column]).Read(buffer);
        Assert.Equal("6:muller,10:1985-11-24,7:SW1A1AA,", new string(buffer, 0, length));
        var tag = Identifiers.Tag([.. Enumerable.Range(0, 32).Select(i => (byte)i)], IdentifierKind.Composite, buffer.AsSpan(0, length));
        Assert.Equal("9d0de30399be822d2f56b71e3131", $"{tag.High:x16}{tag.Low:x16}"[..28]);
    }

    [Fact]
    public void A_composite_without_a_part_is_none_unless_the_part_is_optional_and_parts_never_run_together()
    {
        string? Read(Identifier identifier, params string[] cells)
        {
            var buffer = new char[RowIdentifier.BufferSize];
            var length = new RowIdentifier(identifier, [0, 1, 2], column => cells[column]).Read(buffer);
            return length < 0 ? null : new string(buffer, 0, length);
        }
        var parts = Composite().Parts;
        var optional = Composite() with { Parts = [parts[0] with { IsOptional = true }, parts[1], parts[2]] };
        Assert.Equal(("", "0:,10:1985-11-24,1:1,"), (Read(Composite(), " ", "24.11.1985", "1"), Read(optional, " ", "24.11.1985", "1")));
        Assert.Equal("", Read(Composite() with { Parts = [.. parts.Select(part => part with { IsOptional = true })] }, "", " ", ""));
        Assert.Null(Read(optional, "a", "no date", "1"));
        Assert.Null(Read(Composite(), new string('a', 300), "24.11.1985", "1"));
        Assert.Null(Read(Composite(), new string('\u00e6', 320), "24.11.1985", "1"));
        Assert.NotEqual(Read(Composite(), "ab", "24.11.1985", "1"), Read(Composite(), "a", "24.11.1985", "b1"));
        // Sizes count bytes of UTF-8, so that implementations in other languages agree.
        Assert.Equal("4:\u0438\u0432,10:1985-11-24,1:1,", Read(Composite(), "\u0418\u0432", "24.11.1985", "1"));
    }

    // Published by UID2 (IABTechLab/uid2docs, gs-normalization-encoding.md): input, normalised, SHA-256, base64 of SHA-256.
    [Theory]
    [InlineData(
        "USER@example.com", "user@example.com",
        "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=")]
    [InlineData(
        "MyEmail@example.com", "myemail@example.com",
        "16c18d336f0b250f0e2d907452ceb9658a74ecdae8bc94864c23122a72cc27a5", "FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U=")]
    [InlineData(
        "MYEMAIL@example.com", "myemail@example.com",
        "16c18d336f0b250f0e2d907452ceb9658a74ecdae8bc94864c23122a72cc27a5", "FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U=")]
    [InlineData(
        "My.Email@example.com", "my.email@example.com",
        "e22b53bc6f871274f3a62ab37a3caed7214fc14d676215a96a242fcfada1c81f", "4itTvG+HEnTzpiqzejyu1yFPwU1nYhWpaiQvz62hyB8=")]
    [InlineData(
        "JaneSaoirse+Work@example.com", "janesaoirse+work@example.com",
        "28aaee4815230cd3b4ebd88c515226550666e91ac019929e3adac3f66c288180", "KKruSBUjDNO069iMUVImVQZm6RrAGZKeOtrD9mwogYA=")]
    [InlineData(
        "JANE.SAOIRSE@gmail.com", "janesaoirse@gmail.com",
        "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=")]
    [InlineData(
        "JaneSaoirse+Work@gmail.com", "janesaoirse@gmail.com",
        "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=")]
    public void The_published_examples_of_uid2_hold_clear_and_hashed(string text, string normalised, string hex, string base64)
    {
        var clear = new Identifier(IdentifierKind.Email, IdentifierProfile.Uid2, "id");
        Assert.Equal(normalised, Normalise(clear, text));
        Assert.Equal(hex, Normalise(clear with { IsMatchedByHash = true }, text));
        var hashed = clear with { Form = IdentifierForm.Sha256, IsMatchedByHash = true };
        Assert.Equal(hex, Normalise(hashed, hex.ToUpperInvariant()));
        Assert.Equal(hex, Normalise(hashed, $" {base64} "));
        Assert.Equal(hex, Normalise(hashed, base64.TrimEnd('=')));
        Assert.Equal(hex, Normalise(hashed, base64.Replace('+', '-').Replace('/', '_')));
        Assert.Equal(hex, Normalise(hashed, base64.TrimEnd('=').Replace('+', '-').Replace('/', '_')));
        Assert.Null(Normalise(hashed, base64[..42]));
        Assert.Null(Normalise(hashed, $"{base64[..42]}*="));
    }

    [Fact]
    public void The_published_example_of_meta_holds()
    {
        var identifier = new Identifier(IdentifierKind.Email, IdentifierProfile.Meta, "id") { IsMatchedByHash = true };
        Assert.StartsWith("62a14e44f765419d10fe", Normalise(identifier, "John_Smith@gmail.com"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 (234) 567-8901", "US", "+12345678901")]
    [InlineData("+65 1243 5678", "SG", "+6512435678")]
    [InlineData("0491 570 006", "AU", "+61491570006")]
    [InlineData("+44 20 7946 0018", null, "+442079460018")]
    [InlineData("0044 20 7946 0018", "DE", "+442079460018")]
    [InlineData("030 901820", "DE", "+4930901820")]
    [InlineData("49171 1234567", "DE", "+491711234567")]
    [InlineData("491711234567", "DE", "+491711234567")]
    [InlineData("491711234567", null, "+491711234567")]
    [InlineData("491711234567.0", "DE", "+491711234567")]
    [InlineData("1711234567.0", "DE", "+491711234567")]
    [InlineData("4.91711E+11", "DE", null)]
    [InlineData("33142685300", "FR", "+33142685300")]
    [InlineData("4215551234", "DE", "+494215551234")]
    [InlineData("0049 171 1234567", "US", "+491711234567")]
    [InlineData("0049 171 1234567", null, "+491711234567")]
    [InlineData("+49 (0)171 1234567", "FR", "+491711234567")]
    [InlineData("1-800-FLOWERS", "US", "+18003569377")]
    [InlineData("0171 1234567 ext. 5", "DE", "+491711234567")]
    [InlineData("0039 06 69812345", "DE", "+390669812345")]
    [InlineData("0171\u202d1234567\u202c", "DE", "+491711234567")]
    [InlineData("0171-1234567;+4930123456", "DE", null)]
    [InlineData("20 7946 0018", null, null)]
    [InlineData("1", "DE", null)]
    [InlineData("call me", "US", null)]
    [InlineData("", "US", "")]
    public void Phones_become_e164_with_plus_for_google_and_uid2_and_without_for_meta(string text, string? region, string? expected)
    {
        var identifier = new Identifier(IdentifierKind.Phone, IdentifierProfile.Google, "id", Region: region);
        Assert.Equal(expected, Normalise(identifier, text));
        Assert.Equal(expected, Normalise(identifier with { Profile = IdentifierProfile.Uid2 }, text));
        Assert.Equal(expected?.TrimStart('+'), Normalise(identifier with { Profile = IdentifierProfile.Meta }, text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("user@example.com")]
    [InlineData("b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e47551")]
    [InlineData("zzc9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514")]
    [InlineData("tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVR==")]
    public void Where_hashes_are_declared_other_text_is_not_an_identifier(string text)
    {
        var hashed = new Identifier(IdentifierKind.Email, IdentifierProfile.Uid2, "id", IdentifierForm.Sha256);
        Assert.Equal(text.Length == 0 ? "" : null, Normalise(hashed, text));
    }

    [Fact]
    public void An_identifier_longer_than_any_address_is_invalid() =>
        Assert.Null(Normalise(new Identifier(IdentifierKind.Email, IdentifierProfile.Plain, "id"), new string('a', 400) + "@example.com"));

    [Fact]
    public void Any_text_gives_an_identifier_or_none_and_never_an_exception()
    {
        var random = new Random(3);
        var characters = "aA.+@ 0\t\u00e4\ud83d\ude00gmail.com";
        var simple = Enum.GetValues<IdentifierKind>().Where(kind => kind != IdentifierKind.Composite);
        foreach (var (kind, profile) in simple.SelectMany(kind => Identifier.Profiles(kind).Values.Select(profile => (kind, profile))))
        {
            var identifier = new Identifier(kind, profile, "id", Region: kind == IdentifierKind.Phone ? "US" : null);
            var normaliser = new IdentifierNormaliser(identifier with { IsMatchedByHash = random.Next(2) == 0 });
            for (var round = 0; round < 300; round++)
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => characters[random.Next(characters.Length)]));
                var size = IdentifierNormaliser.BufferSize(text.Length);
                Assert.InRange(normaliser.Normalise(text, new char[size]), Nobody.Length, size);
            }
        }
    }

    private static Identifier Composite() => new(IdentifierKind.Composite, IdentifierProfile.Plain, "")
    {
        Parts =
        [
            new Identifier(IdentifierKind.Name, IdentifierProfile.Plain, "surname"),
            new Identifier(IdentifierKind.Date, IdentifierProfile.Plain, "born") { Order = DateOrder.DayMonthYear },
            new Identifier(IdentifierKind.Postcode, IdentifierProfile.Plain, "postcode"),
        ],
    };

    private static string? Normalise(Identifier identifier, string text)
    {
        var buffer = new char[IdentifierNormaliser.BufferSize(text.Length)];
        var length = new IdentifierNormaliser(identifier).Normalise(text, buffer);
        return length == Nobody.Length ? "nobody" : length < 0 ? null : new string(buffer, 0, length);
    }
}

using Guardian.CleanRoom.Client.Normalisation;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Tests.Matching;

/// <summary>Identifiers that are equal in spite of an error.</summary>
public class TolerantIdentifierTests
{
    [Theory]
    [InlineData("22365", "Catherine", "Katherine", "Kathryn", "cátherine")]
    [InlineData("2253", "Schmidt", "Smith", "Schmitt", "SMYTHE")]
    [InlineData("05", "Anna", "Hannah", "Ana")]
    [InlineData("1122", "Vigash", "Fikac")]
    [InlineData("ииванов", "Иванов")]
    public void Names_that_sound_alike_are_equal(string sound, params string[] names) =>
        Assert.All(names, name => Assert.Equal(sound, Normalise(IdentifierKind.Name, IdentifierProfile.Sound, name)));

    [Theory]
    [InlineData("Meyer", "Maurer")]
    [InlineData("Weber", "Becker")]
    [InlineData("Иванов", "Петров")]
    public void Names_that_sound_different_are_not(string one, string other) => Assert.NotEqual(
        Normalise(IdentifierKind.Name, IdentifierProfile.Sound, one), Normalise(IdentifierKind.Name, IdentifierProfile.Sound, other));

    [Theory]
    [InlineData("1985-03-07", "1985-03-07", "1985-07-03", "19850703")]
    [InlineData("1985-11-24", "1985-11-24", "1985-24-11", "19852411")]
    [InlineData("", "1985-13-13", "1985-02-30", "x")]
    public void Days_and_months_are_equal_in_any_order(string normalised, params string[] dates) =>
        Assert.All(dates, date => Assert.Equal(normalised, Normalise(IdentifierKind.Date, IdentifierProfile.Unordered, date)));

    [Fact]
    public void Names_in_any_order_are_equal_and_other_parts_stay_where_they_are()
    {
        string Read(bool isAnyOrder, params string[] cells)
        {
            Identifier Part(IdentifierKind kind, int index) => new(kind, IdentifierProfile.Plain, $"{index}");
            var identifier = new Identifier(IdentifierKind.Composite, IdentifierProfile.Plain, "")
            {
                Parts = [Part(IdentifierKind.Name, 0), Part(IdentifierKind.Postcode, 1), Part(IdentifierKind.Name, 2)],
                IsAnyOrder = isAnyOrder,
            };
            var buffer = new char[RowIdentifier.BufferSize];
            return new string(buffer, 0, Math.Max(0, new RowIdentifier(identifier, [0, 1, 2], column => cells[column]).Read(buffer)));
        }
        Assert.Equal("4:anna,3:123,5:weber,", Read(true, "Weber", "123", "Anna"));
        Assert.Equal("4:anna,3:123,5:weber,", Read(true, "Anna", "123", "Weber"));
        Assert.Equal("5:weber,3:123,4:anna,", Read(false, "Weber", "123", "Anna"));
        Assert.Equal("", Read(true, "Weber", "123", ""));
        Assert.Equal("", Read(true, "", "123", "Anna"));
    }

    private static string Normalise(IdentifierKind kind, IdentifierProfile profile, string text)
    {
        var buffer = new char[IdentifierNormaliser.BufferSize(text.Length)];
        var length = new IdentifierNormaliser(new Identifier(kind, profile, "column")).Normalise(text, buffer);
        return new string(buffer, 0, Math.Max(0, length));
    }
}

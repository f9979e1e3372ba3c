using Guardian.Cli.Tests.Support;

namespace Guardian.Cli.Tests;

/// <summary>The report of an experiment that went wrong.</summary>
[Trait("Starts", "processes")]
public sealed class LiftReportTests : IAsyncLifetime
{
    private readonly RoomFixture room = new();

    public ValueTask InitializeAsync() => room.InitializeAsync();

    public ValueTask DisposeAsync() => room.DisposeAsync();

    [Fact]
    public async Task Arms_of_other_sizes_than_intended_are_shown_with_the_figures_and_without_a_verdict()
    {
        // A fifth is in control, where half were meant to be; and who was treated buys less.
        await File.WriteAllTextAsync(
            room.File("campaign.csv"),
            "email,arm,exposed\n"
            + string.Concat(
            Enumerable.Range(0, RoomFixture.Persons).Select(i => $"p{2 * i}@example.com,{(i % 5 == 0 ? "Control" : "Treatment")},1\n")));
        await File.WriteAllTextAsync(
            room.File("customers.csv"),
            "email,region,visit,spend\n"
            + string.Concat(Enumerable.Range(0, RoomFixture.Persons)
            .Select(i => $"p{i}@example.com,North,{(i % 10 == 0 || i % 4 == 0 ? 1 : 0)},{(i % 10 == 0 ? 7 : 0) + (i % 7)}.50\n")));
        (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "campaign.csv")).Ends(0);
        (await room.AsAsync("retailer", "upload", "--dataset", "customers", "--data", "customers.csv")).Ends(0);
        // Lines may be broken anywhere between words.
        var shown = string.Join(
            ' ',
            (await room.AsAsync("agency", "lift", "--html", "lift.html"))
            .Ends(0).Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        foreach (var text in new[] { "withheld", "Holm's correction", "the 2 comparisons", "80.0 / 20.0 % of the persons",
            "50.0 / 50.0 % intended", "MISMATCH" })
        {
            Assert.Contains(text, shown, StringComparison.Ordinal);
        }
        var page = await File.ReadAllTextAsync(room.File("lift.html"));
        foreach (var text in new[] { "Nobody can say", "No verdict.", "20.00 % instead of 50.00 %", "fewer persons than without",
            "less in all than without", "no verdict", "Holm", "below 0.05" })
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }
        var json = (await room.AsAsync("agency", "lift", "--json")).Ends(0).Json["lift"]!;
        Assert.All(json["outcomes"]!.AsArray(), outcome => Assert.Equal("Withheld", (string?)outcome!["comparisons"]![0]!["verdict"]));
        Assert.Equal([0.5, 0.5], json["arms"]!.AsArray().Select(arm => (double)arm!["intendedShare"]!));
    }
}

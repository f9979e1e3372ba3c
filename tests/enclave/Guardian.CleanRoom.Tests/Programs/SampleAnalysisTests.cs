using System.Security.Cryptography;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Programs;

/// <summary>The programs of samples/analyses in a room, against plain computations. The suite 'samples' compiles them.</summary>
public sealed class SampleAnalysisTests
{
    // The folder that samples/analyses/build fills.
    private static readonly string? Samples = Environment.GetEnvironmentVariable("GUARDIAN_SAMPLES");
    private static readonly string[] Channels = ["search", "social", "video"];
    private const decimal Cap = 200;

    private readonly List<Journey> journeys = [.. Enumerable.Range(0, 3_000).Select(Journey.Draw)];

    [Fact]
    public void Attribution_in_C_divides_revenue_by_three_rules()
    {
        var outputs = string.Concat(new[] { "linear", "last_touch", "position" }.Select(
            rule => $"        - {{name: {rule}, cells: [search, social, video], cap: {Cap}, places: 2}}\n"));
        using var room = Open(
            "attribution",
            "campaign.search, campaign.social, campaign.video, campaign.first, campaign.last, customers.revenue", outputs);
        var result = room.Ask<ProgramResult>(new Question { Kind = QuestionKind.Program, Program = "attribution" });
        var buyers = journeys.Where(journey => journey.IsMatched && journey.Revenue is not null).ToList();
        for (var channel = 0; channel < 3; channel++)
        {
            decimal Linear(Journey each) => each.Contacts.Sum() == 0
                ? 0
                : Math.Floor(100 * each.Revenue!.Value * each.Contacts[channel] / each.Contacts.Sum()) / 100;
            decimal Position(Journey each) => Math.Floor(
                ((40 * each.Revenue!.Value * ((each.First == channel ? 1 : 0) + (each.Last == channel ? 1 : 0)))
                    + (20 * Linear(each))) + 0.0000001m) / 100;
            Assert.Equal((double)buyers.Sum(Linear), TestPrograms.Cell(result, "linear", Channels[channel])!.Value, 6);
            Assert.Equal((double)buyers.Where(each => each.Last == channel).Sum(each => each.Revenue!.Value),
                TestPrograms.Cell(result, "last_touch", Channels[channel])!.Value, 6);
            Assert.Equal((double)buyers.Sum(Position), TestPrograms.Cell(result, "position", Channels[channel])!.Value, 6);
        }
    }

    [Fact]
    public void Frequency_in_Rust_counts_by_contacts_and_the_best_number_follows()
    {
        var classes = string.Join(", ", Enumerable.Range(0, 10).Select(times => $"'{times}'").Append("10+"));
        using var room = Open(
            "frequency", "campaign.contacts, customers.bought, customers.revenue",
            $"        - {{name: persons, cells: [{classes}], cap: 1}}\n        - {{name: buyers, cells: [{classes}], cap: 1}}\n"
            + $"        - {{name: revenue, cells: [{classes}], cap: {Cap}, places: 2}}\n");
        var result = room.Ask<ProgramResult>(new Question { Kind = QuestionKind.Program, Program = "frequency" });
        var matched = journeys.Where(journey => journey.IsMatched).ToList();
        for (var times = 0; times <= 10; times++)
        {
            var reached = matched.Where(journey => Math.Min(10, journey.Contacts.Sum()) == times).ToList();
            var name = times == 10 ? "10+" : $"{times}";
            AssertFigure(reached.Count, 1, "persons", name);
            AssertFigure(reached.Count(journey => journey.Revenue is not null), 1, "buyers", name);
            AssertFigure((double)reached.Sum(journey => journey.Revenue ?? 0), (double)Cap, "revenue", name);
        }
        // Journeys are drawn so that contacts help up to the fifth.
        double Rate(int from, int to) =>
            Enumerable.Range(from, to - from + 1).Sum(times => TestPrograms.Cell(result, "buyers", $"{times}") ?? 0)
            / Enumerable.Range(from, to - from + 1).Sum(times => TestPrograms.Cell(result, "persons", $"{times}") ?? 0);
        Assert.True(Rate(1, 2) < Rate(4, 5) && Rate(6, 7) < Rate(4, 5) + 0.05);

        void AssertFigure(double expected, double cap, string output, string cell)
        {
            var value = TestPrograms.Cell(result, output, cell);
            if (expected >= 20 * cap)
            {
                Assert.Equal(expected, value!.Value, 6);
            }
            else
            {
                Assert.Null(value);
            }
        }
    }

    private TestRoom Open(string program, string inputs, string outputs)
    {
        Assert.SkipWhen(Samples is null, "the sample analyses are not compiled; ./test samples does it, with Debian's clang and rustc");
        var wasm = File.ReadAllBytes(Path.Combine(Samples!, $"{program}.wasm"));
        var contract = TestContract.Read(
            TestPrograms.Noise,
            ("      - {name: score, type: integer, minimum: -70000, maximum: 70000, filter: true}\n",
                string.Concat(Channels.Append("contacts").Select(
                    name => $"      - {{name: {name}, type: integer, minimum: 0, maximum: 60}}\n"))
                + string.Concat(new[] { "first", "last" }.Select(
                    name => $"      - {{name: {name}, type: category, values: [search, social, video]}}\n"))),
            ("{name: visit, type: flag}",
                "{name: visit, type: flag}\n      - {name: bought, type: flag}\n"
                + "      - {name: revenue, type: decimal, places: 2, minimum: 0, maximum: 1000}"),
            ("  overlap: true\n", $"  overlap: true\n  programs:\n    - name: {program}\n"
                + $"      digest: {Convert.ToHexStringLower(SHA256.HashData(wasm))}\n      inputs: [{inputs}]\n"
                + "      epsilon: 2\n      fuel: 50000\n"
                + $"      outputs:\n{outputs}"));
        var room = new TestRoom(
            contract, null, noise: new TestPrograms.NoNoise(), programs: new Dictionary<string, byte[]> { [program] = wasm });
        room.Upload("campaign", "email,arm,exposed,search,social,video,contacts,first,last\n"
            + string.Concat(journeys.Select(journey => journey.CampaignLine)));
        room.Upload("customers", "mail,region,visit,bought,revenue,spend,age\n"
            + string.Concat(journeys.Select(journey => journey.CustomerLine)));
        return room;
    }

    // The contacts of a person by channel, the first and the last channel, and the revenue of a buyer.
    private sealed record Journey(int Number, int[] Contacts, int First, int Last, decimal? Revenue, bool IsMatched)
    {
        public string CampaignLine => $"p{Number}@x.org,Red,1,{string.Join(',', Contacts)},{Contacts.Sum()},"
            + (Contacts.Sum() == 0 ? ",\n" : $"{Channels[First]},{Channels[Last]}\n");

        public string CustomerLine => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{(IsMatched ? "p" : "q")}{Number}@x.org,North,1,{(Revenue is null ? 0 : 1)},{Revenue},1,30\n");

        public static Journey Draw(int number)
        {
            var random = new Random(number);
            int[] contacts = [random.Next(4), random.Next(5), random.Next(4)];
            var reached = Enumerable.Range(0, 3).Where(channel => contacts[channel] > 0).ToList();
            var chance = 0.1 + (0.08 * Math.Min(contacts.Sum(), 5));
            decimal? revenue = random.NextDouble() < chance ? random.Next(100, 20_000) / 100m : null;
            return new Journey(
                number, contacts, Pick(), Pick(), revenue, random.Next(5) > 0);

            int Pick() => reached.Count == 0 ? -1 : reached[random.Next(reached.Count)];
        }
    }
}

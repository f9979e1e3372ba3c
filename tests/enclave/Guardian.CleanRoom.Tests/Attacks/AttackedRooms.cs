using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>The means of an attacker: questions, and uploads of its own list.</summary>
internal interface IAttackedRoom : IDisposable
{
    /// <summary>Counts the matched persons who satisfy the conditions; null when the room withholds the answer.</summary>
    long? Count(params Condition[] where);

    /// <summary>Counts them by region; a withheld cell is null, and a withheld answer has no cells.</summary>
    IReadOnlyDictionary<string, long?> ByRegion(params Condition[] where);

    /// <summary>Lists the attacker's persons who satisfy the conditions; null when the room withholds the answer.</summary>
    IReadOnlySet<string>? List(params Condition[] where);

    /// <summary>Replaces the attacker's own list.</summary>
    void UploadCampaign(IEnumerable<CampaignRow> rows);
}

/// <summary>
/// A plain engine with the most obvious rule: it answers only if at least k persons are in the set, and at least k outside. It knows
/// nothing of earlier questions. It is weak on purpose, because the attacks must succeed against something.
/// </summary>
internal sealed class NaiveRoom(
    IReadOnlyList<CustomerRow> customers, int minimumAudience, decimal? epsilon = null, int seed = 0) : IAttackedRoom
{
    private readonly Random random = new(seed);
    private readonly Dictionary<string, CustomerRow> customersByMail = customers.ToDictionary(row => row.Email);
    private List<CampaignRow> campaign = [];

    public long? Count(params Condition[] where)
    {
        var count = Matched(where).Count + Noise();
        return count >= minimumAudience && campaign.Count - count >= minimumAudience && customers.Count - count >= minimumAudience
            ? count
            : null;
    }

    public IReadOnlyDictionary<string, long?> ByRegion(params Condition[] where) => Matched(where)
        .Where(pair => pair.Customer.Region is not null).GroupBy(pair => pair.Customer.Region!)
        .ToDictionary(group => group.Key, group => group.Count() >= minimumAudience ? group.Count() + Noise() : (long?)null);

    public IReadOnlySet<string>? List(params Condition[] where) =>
        Count(where) is null ? null : Matched(where).Select(pair => pair.Campaign.Email).ToHashSet();

    public void UploadCampaign(IEnumerable<CampaignRow> rows) => campaign = [.. rows];

    public void Dispose()
    {
    }

    private List<(CampaignRow Campaign, CustomerRow Customer)> Matched(Condition[] where) =>
        [.. campaign.Where(row => customersByMail.ContainsKey(row.Email)).Select(row => (row, customersByMail[row.Email]))
            .Where(pair => where.All(each => Holds(each, pair) == true))];

    // Three-valued, as in SQL.
    private static bool? Holds(Condition condition, (CampaignRow Campaign, CustomerRow Customer) pair) => condition switch
    {
        AllOf all => all.Conditions.Select(part => Holds(part, pair)).Aggregate((bool?)true, (left, right) => left & right),
        AnyOf any => any.Conditions.Select(part => Holds(part, pair)).Aggregate((bool?)false, (left, right) => left | right),
        NotOf not => !Holds(not.Condition, pair),
        Predicate predicate => Compare(predicate, pair),
        _ => null,
    };

    private static bool? Compare(Predicate predicate, (CampaignRow Campaign, CustomerRow Customer) pair)
    {
        var cell = predicate.Column switch
        {
            "campaign.exposed" => pair.Campaign.Exposed is { } exposed ? (exposed ? "1" : "0") : null,
            "campaign.score" => pair.Campaign.Score?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "customers.region" => pair.Customer.Region,
            "customers.visit" => pair.Customer.Visit is { } visit ? (visit ? "1" : "0") : null,
            "customers.age" => pair.Customer.Age?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => throw new ArgumentException(predicate.Column),
        };
        if (cell is null)
        {
            return null;
        }
        long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        return predicate.Operator switch
        {
            "=" or "in" => predicate.Values.Contains(cell),
            "!=" => cell != predicate.Values[0],
            "<" => Number(cell) < Number(predicate.Values[0]),
            "<=" => Number(cell) <= Number(predicate.Values[0]),
            ">" => Number(cell) > Number(predicate.Values[0]),
            ">=" => Number(cell) >= Number(predicate.Values[0]),
            _ => throw new ArgumentException(predicate.Operator),
        };
    }

    // Fresh noise for every answer makes averaging possible.
    private long Noise()
    {
        if (epsilon is not { } each)
        {
            return 0;
        }
        long Geometric() => (long)Math.Floor(Math.Log(1 - random.NextDouble()) / -(double)each);
        return Geometric() - Geometric();
    }
}

/// <summary>The room of Guardian.</summary>
internal sealed class GuardedRoom : IAttackedRoom
{
    private readonly TestRoom room;
    private List<string> campaign = [];

    public GuardedRoom(IReadOnlyList<CustomerRow> customers, int minimumAudience, decimal? epsilon = null, int seed = 0)
    {
        // The sensitive column may be filtered here, because the attacks need something to find out.
        room = new TestRoom(
            TestContract.Read(
                ("  overlap: true", "  overlap: true\n  activation: {dataset: campaign, receiver: agency}"),
                ("max_rows: 4000", "max_rows: 4000\n    rules: {activation: true}"),
                ("max_rows: 5000", "max_rows: 5000\n    rules: {activation: true}"),
                ("{name: visit, type: flag}", "{name: visit, type: flag, filter: true}"),
                ("minimum_audience: 20", $"minimum_audience: {minimumAudience}"),
                ("  noise: none\n", epsilon is null
                    ? "  noise: none\n"
                    : FormattableString.Invariant($"  noise: {{epsilon: {epsilon}}}\n"))),
            seed);
        room.Upload("customers", TestRows.Csv(customers));
    }

    public TestRoom Room => room;

    public long? Count(params Condition[] where) =>
        (Answer(new Question { Kind = QuestionKind.Overlap, Where = where }) as OverlapResult)?.Persons;

    public IReadOnlyDictionary<string, long?> ByRegion(params Condition[] where) =>
        (Answer(new Question { Kind = QuestionKind.Crosstab, By = ["customers.region"],
            Where = where }) as CrosstabResult)?.Cells.ToDictionary(cell => cell.Values[0], cell => cell.Persons)
        ?? [];

    public IReadOnlySet<string>? List(params Condition[] where)
    {
        if (Answer(new Question { Kind = QuestionKind.Activation, Where = where }) is not ActivationResult list)
        {
            return null;
        }
        var listed = list.Tags.Chunk(14).Select(Convert.ToHexStringLower).ToHashSet();
        var key = room.Service.DataSets.ReadKeys(room.Agency, "campaign").Value!.MatchKey;
        return campaign.Where(
            email => Identifiers.Tag(key, IdentifierKind.Email, email) is var tag
            && listed.Contains($"{tag.High:x16}{tag.Low:x16}"[..28])).ToHashSet();
    }

    public void UploadCampaign(IEnumerable<CampaignRow> rows)
    {
        campaign = [.. rows.Select(row => row.Email)];
        room.Upload("campaign", TestRows.Csv(rows));
    }

    public void Dispose() => room.Dispose();

    private AnswerBody? Answer(Question question)
    {
        var answer = room.Service.Questions.Ask(room.Agency, question);
        Assert.True(answer.Refusal is null or { Code: "budget-exhausted" }, answer.Refusal?.Detail);
        var body = answer.Refusal is null
            ? System.Text.Json.JsonSerializer.Deserialize(
                room.Payload(answer.Value!, Guardian.CleanRoom.Analyses.Answer.StatementType), AnswerJson.Default.Answer)!.Body
            : null;
        return body is WithheldResult ? null : body;
    }
}

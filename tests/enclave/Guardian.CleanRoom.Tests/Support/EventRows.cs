using System.Globalization;
using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>A purchase, or its return.</summary>
internal sealed record Sale(string Email, DateTime At, decimal Amount, string Status);

/// <summary>A room whose campaign is made of impressions and whose customers are made of sales, with files of both and plain computation
/// of the folded columns.</summary>
internal static class EventRows
{
    public const string Contract =
        """
          - name: campaign
            owner: agency
            identifier: {kind: email, column: user}
            max_rows: 5000
            events: {time: shown_at, zone: UTC, from: 2026-03-01T00:00:00Z, to: 2026-04-01T00:00:00Z, where: {type: [view, control]}}
            columns:
              - {name: arm, type: category, values: [Ad, None], fold: same, of: arm}
              - {name: views, type: integer, minimum: 0, maximum: 5, fold: count, where: {type: [view]}, filter: true}
              - {name: exposed, type: flag, fold: any, where: {type: [view]}, filter: true}
          - name: customers
            owner: retailer
            identifier: {kind: email, column: mail}
            max_rows: 5000
            events: {time: at, zone: UTC, from: 2026-03-10T00:00:00Z, to: 2026-04-10T00:00:00Z, where: {status: [paid, returned]}}
            columns:
              - {name: purchases, type: integer, minimum: 0, maximum: 50, fold: count, filter: true}
              - {name: revenue, type: decimal, places: 2, minimum: -100, maximum: 200, fold: sum, of: amount, event_cap: 60, filter: true}
              - {name: before, type: decimal, places: 2, minimum: 0, maximum: 1000, fold: sum, of: amount,
                 from: 2026-01-01T00:00:00Z, to: 2026-03-01T00:00:00Z}
              - {name: days, type: integer, minimum: 0, maximum: 31, fold: days, filter: true}
              - {name: first, type: date, minimum: 2026-01-01, maximum: 2026-12-31, fold: first, filter: true}
              - {name: last, type: date, minimum: 2026-01-01, maximum: 2026-12-31, fold: last, filter: true}

        """;

    /// <summary>The test contract with these data sets instead of its own.</summary>
    public static RoomContract Read(params (string Old, string New)[] changes)
    {
        var text = TestContract.Text;
        var start = text.IndexOf("  - name: campaign", StringComparison.Ordinal);
        return TestContract.Read(
        [
            (text[start..text.IndexOf("analyses:", StringComparison.Ordinal)], Contract),
            (
                "outcomes: [customers.visit, customers.spend]",
                "outcomes: [customers.revenue]\n    covariate: customers.before\n    exposure: campaign.exposed"),
            ("  overlap: true", "  overlap: true\n  reach: {frequency: campaign.views, maximum: 4}"),
            .. changes,
        ]);
    }

    public static List<Sale> Sales(Random random, int persons, int events) =>
    [
        .. Enumerable.Range(0, events).Select(_ => new Sale(
            $"p{random.Next(persons)}@x.org", new DateTime(2026, 1, 1).AddMinutes(random.Next(200_000)),
            random.Next(-3_000, 10_000) / 100m, new[] { "paid", "paid", "returned", "open" }[random.Next(4)])),
    ];

    public static string Csv(IEnumerable<Sale> sales) => "mail,at,amount,status,note\n" + string.Concat(sales.Select(sale => string.Create(
        CultureInfo.InvariantCulture, $"{sale.Email},{sale.At:yyyy-MM-dd HH:mm:ss},{sale.Amount},{sale.Status},x\n")));

    /// <summary>Computes a customer's columns plainly, as text; empty without a value.</summary>
    public static string[] Fold(IEnumerable<Sale> ofOnePerson)
    {
        var settled = ofOnePerson.Where(sale => sale.Status is "paid" or "returned").ToList();
        var counted = settled.Where(sale => sale.At >= new DateTime(2026, 3, 10) && sale.At < new DateTime(2026, 4, 10)).ToList();
        var before = settled.Where(sale => sale.At < new DateTime(2026, 3, 1)).Sum(sale => sale.Amount);
        string Text(decimal number) => number.ToString("0.00", CultureInfo.InvariantCulture);
        string Day(Func<List<Sale>, DateTime> choose) =>
            counted.Count == 0 ? "" : choose(counted).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return
        [
            Math.Min(counted.Count, 50).ToString(CultureInfo.InvariantCulture),
            Text(Math.Clamp(counted.Sum(sale => Math.Clamp(sale.Amount, -60, 60)), -100, 200)),
            Text(Math.Clamp(before, 0, 1000)),
            Math.Min(counted.Select(sale => sale.At.Date).Distinct().Count(), 31).ToString(CultureInfo.InvariantCulture),
            Day(sales => sales.Min(sale => sale.At)),
            Day(sales => sales.Max(sale => sale.At)),
        ];
    }
}

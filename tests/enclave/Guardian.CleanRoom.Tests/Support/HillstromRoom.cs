using System.Globalization;
using Guardian.CleanRoom.Analyses;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>Rooms with Hillstrom's experiment: the shop's regions are those of the file, and its orders are the conversions.</summary>
internal static class HillstromRoom
{
    /// <summary>Opens a room with all rows.</summary>
    /// <param name="changes">Changes of the contract after those that the file needs.</param>
    public static TestRoom Open(params (string Old, string New)[] changes) => OpenWith(HillstromRows.Read(), changes);

    /// <summary>Opens a room with some rows.</summary>
    public static TestRoom OpenWith(IEnumerable<HillstromRow> rows, params (string Old, string New)[] changes)
    {
        var room = new TestRoom(
            TestContract.Read([
                ("max_rows: 4000", "max_rows: 70000"), ("max_rows: 5000", "max_rows: 70000"),
                ("values: [Red, Blue, None], filter: true", "values: [Mens E-Mail, Womens E-Mail, No E-Mail]"),
                ("values: [North, South, East, West]", "values: [Surburban, Rural, Urban]"),
                ("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}",
                    "{name: spend, type: decimal, places: 2, minimum: 0, maximum: 500}"),
                ("{name: visit, type: flag}",
                    "{name: visit, type: flag}\n      - {name: conversion, type: flag}\n      - {name: history, type: decimal, places: 2, "
                    + "minimum: 0, maximum: 10000}"),
                ("control: None", "control: No E-Mail"),
                .. changes]),
            seed: 6);
        Upload(room, [.. rows]);
        return room;
    }

    /// <summary>Uploads rows; each side has some persons alone.</summary>
    public static void Upload(TestRoom room, IReadOnlyList<HillstromRow> rows)
    {
        static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
        room.Upload("campaign",
            "email,arm,exposed,score\n"
            + string.Concat(rows.Select(row => $"p{row.Number}@x.org,{row.Arm},{row.Number % 2},{row.Number % 150}\n"))
            + string.Concat(Enumerable.Range(0, 500).Select(i => $"a{i}@x.org,,{i % 2},{i % 150}\n")));
        room.Upload("customers",
            "mail,region,visit,conversion,history,spend,age\n"
            + string.Concat(rows.Select(row =>
                $"p{row.Number}@x.org,{row.Zip},{Text(row.Visit)},{Text(row.Conversion)},{Text(row.History)},{Text(row.Spend)},30\n"))
            + string.Concat(Enumerable.Range(0, 500).Select(i => $"r{i}@x.org,Rural,0,0,0,0,30\n")));
    }

    /// <summary>Finds a comparison.</summary>
    public static LiftComparison Find(LiftResult lift, string outcome, string treatment) =>
        lift.Outcomes.Single(each => each.Column == outcome).Comparisons.Single(each => each.Treatment == treatment);
}

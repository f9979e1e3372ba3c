using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Rooms;
using Guardian.Portal.Serving;

namespace Guardian.Cli.Desk;

/// <summary>Adds the measurement of a campaign to a contract that nobody has signed.</summary>
internal static class LiftForm
{
    private const string Analyses = "analyses:";

    /// <summary>Writes the design below <c>analyses</c>.</summary>
    /// <exception cref="Refusals.RefusedException">A column is unknown, or the contract has such a design or a signature.</exception>
    public static void Apply(RoomFile file, PageRequest request)
    {
        var contract = file.Contract;
        if (contract.Analyses.Lift is not null)
        {
            throw CliReasons.Exists.Refuse("the contract measures a campaign already", "edit its text");
        }
        var (assignment, control) = request.Field("control").Split('=', 2) is [var column, var value] ? (column, value) : ("", "");
        Require(contract, assignment, each => each.Kind == ColumnKind.Category && each.Values.Contains(control));
        var outcomes = request.Fields("outcome");
        foreach (var outcome in outcomes)
        {
            Require(contract, outcome, each => each.Kind is ColumnKind.Flag or ColumnKind.Integer or ColumnKind.Decimal);
        }
        if (outcomes.Count == 0)
        {
            throw CliReasons.NoLift.Refuse("choose at least one outcome");
        }
        var exposure = request.Field("exposure");
        if (exposure.Length > 0)
        {
            Require(contract, exposure, each => each.Kind == ColumnKind.Flag);
        }
        var population = request.Field("population") == "assigned" ? "assigned" : "matched";
        List<string> design =
        [
            "  lift:", $"    assignment: {assignment}", $"    control: {DraftDecisions.Write("control", control)}", "    shares: equal",
            $"    outcomes: [{string.Join(", ", outcomes)}]", $"    population: {population}",
            .. exposure.Length > 0 ? [$"    exposure: {exposure}"] : Array.Empty<string>(),
        ];
        var lines = Encoding.UTF8.GetString(file.Bytes).Split('\n').ToList();
        lines.InsertRange(lines.FindIndex(line => line.StartsWith(Analyses, StringComparison.Ordinal)) + 1, design);
        OutputFile.Replace(file.Path, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private static void Require(RoomContract contract, string name, Func<Column, bool> isFit)
    {
        if (!ColumnReference.TryParse(name, out var reference)
            || contract.FindDataSet(reference!.DataSet)?.FindColumn(reference.Column) is not { } column || !isFit(column))
        {
            throw CliReasons.NoLift.Refuse($"'{name}' is no fitting column of this contract");
        }
    }
}

using System.CommandLine;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Rooms;

/// <summary>The conditions of a question.</summary>
internal static class Questions
{
    /// <summary>The option that takes them.</summary>
    public static Option<string[]> CreateWhereOption() => new("--where")
    {
        Description =
            "Condition, such as \"customers.history >= 100 and not customers.zip_code in Urban, Rural\"; repeatable, and all must hold.",
        HelpName = "CONDITION",
    };

    /// <summary>Reads the conditions.</summary>
    /// <exception cref="RefusedException">A condition is malformed.</exception>
    public static IReadOnlyList<Condition> ReadConditions(ParseResult arguments, Option<string[]> where) =>
        [.. (arguments.GetValue(where) ?? []).Select(
            text => ConditionText.TryRead(text, out var problem) ?? throw CliReasons.BadCondition.Refuse(problem!))];
}

using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Portal.Serving;

namespace Guardian.Cli.Desk;

/// <summary>Reads a question from the fields of a form.</summary>
internal static class QuestionForm
{
    private static readonly Dictionary<string, QuestionKind> Kinds = new()
    {
        ["overlap"] = QuestionKind.Overlap, ["crosstab"] = QuestionKind.Crosstab, ["sum"] = QuestionKind.Sum, [
            "reach"] = QuestionKind.Reach,
        ["lift"] = QuestionKind.Lift,
    };

    /// <summary>Reads the question.</summary>
    /// <exception cref="Refusals.RefusedException">A condition or the question is malformed.</exception>
    public static Question Read(PageRequest request)
    {
        if (request.Field("question") is { Length: > 0 } json)
        {
            return Parse(json);
        }
        if (!Kinds.TryGetValue(request.Field("kind"), out var kind))
        {
            throw CliReasons.Usage.Refuse("choose what you want to know", "go back, and choose a kind of question");
        }
        IReadOnlyList<string> by = kind is QuestionKind.Crosstab or QuestionKind.Lift ? request.Fields("by") : [];
        var named = kind == QuestionKind.Lift ? [] : request.Fields("datasets");
        if (named.Count == 0 && kind == QuestionKind.Crosstab)
        {
            // As the command does: a crosstab by columns of two data sets is about these.
            named = by.Select(column => column.Split('.')[0]).Distinct().ToList() is { Count: > 1 } two ? two : [];
        }
        return new Question
        {
            Kind = kind,
            By = by,
            Column = kind == QuestionKind.Sum ? request.Field("of") : null,
            DataSets = named,
            Where = ReadConditions(request),
        };
    }

    /// <summary>Reads the conditions: those of the rows, then those of the text.</summary>
    /// <exception cref="Refusals.RefusedException">A condition is malformed.</exception>
    public static IReadOnlyList<Condition> ReadConditions(PageRequest request) =>
    [
        .. ReadRows(request).Concat(request.Text("where").Split('\n').Where(line => line.Trim().Length > 0)).Select(
            text => ConditionText.TryRead(text, out var problem) ?? throw CliReasons.BadCondition.Refuse(
                problem!, "for example: customers.region = North")),
    ];

    /// <summary>Writes a question for a hidden field.</summary>
    public static string Write(Question question) => JsonSerializer.Serialize(question, QuestionJson.Default.Question);

    private static Question Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, QuestionJson.Default.Question) ?? throw new JsonException("null");
        }
        catch (JsonException)
        {
            throw CliReasons.Usage.Refuse("the form holds no question", "build the question again");
        }
    }

    private static IEnumerable<string> ReadRows(PageRequest request)
    {
        var (columns, operators, values) = (request.Rows("column"), request.Rows("operator"), request.Rows("value"));
        for (var row = 0; row < columns.Count && row < operators.Count && row < values.Count; row++)
        {
            if (columns[row].Length == 0)
            {
                continue;
            }
            yield return $"{columns[row]} {operators[row]} {values[row]}";
        }
    }
}

using System.Globalization;
using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Privacy;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>The public facts from which a member can forecast an answer. None of them depends on anybody's rows beyond what members read
/// anyway.</summary>
/// <param name="Room">The room, with the versions of its data sets.</param>
/// <param name="Budget">The budgets.</param>
/// <param name="Log">The log.</param>
public sealed record PublicFacts(RoomDescription Room, BudgetDescription Budget, LogPage Log);

/// <summary>The error that noise adds to a figure.</summary>
/// <param name="Figure">The figure, for people.</param>
/// <param name="Margin">95 % of these figures are within this of the truth; 0 for exact figures.</param>
public sealed record ExpectedError(string Figure, double Margin);

/// <summary>
/// Forecasts the answer to a question without asking it: the price, the error, and what is known to speak for a refusal. Everything follows
/// from the contract, the versions, the budgets and the log, which each member can read. It is free, and no entry of the log.
/// </summary>
/// <param name="Refusal">The code of a refusal that is certain and free; null for none.</param>
/// <param name="Detail">The refusal, for people; null for none.</param>
/// <param name="RepeatsEntry">The entry of the log that charged the same question, which is free now, answered or not; null for a new
/// question.</param>
/// <param name="Price">Epsilon for each of the data sets.</param>
/// <param name="DataSets">The data sets that are charged.</param>
/// <param name="Errors">The errors of the figures.</param>
/// <param name="Doubts">Facts that make it likely that the answer is withheld, one sentence each. Without any, it may still be
/// withheld, because that depends on the rows.</param>
public sealed record QuestionForecast(
    string? Refusal, string? Detail, long? RepeatsEntry, decimal Price, IReadOnlyList<string> DataSets,
    IReadOnlyList<ExpectedError> Errors, IReadOnlyList<string> Doubts)
{
    /// <summary>Forecasts an answer.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="member">The name of the member who would ask.</param>
    /// <param name="question">The question.</param>
    /// <param name="facts">The public facts.</param>
    /// <returns>The forecast. A log that this release cannot read is taken for one without earlier questions.</returns>
    public static QuestionForecast Of(RoomContract contract, string member, Question question, PublicFacts facts)
    {
        ArgumentNullException.ThrowIfNull(contract);
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(facts);
        return new Forecaster(contract, facts).Forecast(member, question);
    }

    private sealed class Forecaster(RoomContract contract, PublicFacts facts)
    {
        private readonly QuestionCompiler compiler = new(contract);
        private readonly Dictionary<string, string> versions = facts.Room.DataSets.Where(dataSet => dataSet.Version is not null)
            .ToDictionary(dataSet => dataSet.Name, dataSet => dataSet.Version!);

        // The rules compute margins; a forecast draws nothing.
        private readonly DisclosureRules rules = new(contract.Privacy, NoRandom.Instance);

        public QuestionForecast Forecast(string member, Question question)
        {
            if (!contract.Roles.Query.Contains(member))
            {
                return Refuse(
                    RoomReasons.MayNotAsk.Because($"the contract lets {string.Join(", ", contract.Roles.Query)} ask, not {member}"));
            }
            var admitted = compiler.Compile(question);
            if (admitted.Refusal is { } refusal)
            {
                return Refuse(refusal);
            }
            var compiled = admitted.Value!;
            List<string> names = [.. compiled.DataSets.Select(dataSet => dataSet.Name)];
            if (names.Where(name => !versions.ContainsKey(name)).ToList() is { Count: > 0 } missing)
            {
                return Refuse(RoomReasons.DataMissing.Because($"{string.Join(", ", missing)}: no complete upload yet"));
            }
            var earlier = ReadQuestions().ToList();
            var key = compiled.KeyOf(versions);
            if (earlier.Find(each => each.Compiled.KeyOf(each.Versions) == key) is { } known)
            {
                return new QuestionForecast(
                    null, null, known.Entry, 0, names, [.. FindErrors(compiled)], known.IsWithheld ? ["the answer was withheld"] : []);
            }
            var price = contract.PriceOf(question.Kind == QuestionKind.Lift, question.Program) ?? 0;
            if (facts.Budget.DataSets.FirstOrDefault(each => names.Contains(each.Name) && each.Total - each.Spent < price) is { } poor)
            {
                return Refuse(RoomReasons.BudgetExhausted.Because(string.Create(
                    CultureInfo.InvariantCulture, $"'{poor.Name}' has {poor.Total - poor.Spent:0.###} left, and an answer costs {price}")));
            }
            if (facts.Budget.Members?.FirstOrDefault(each =>
                each.Member == member && names.Contains(each.DataSet) && each.FindProblem(price) is not null) is { } share)
            {
                return Refuse(share.FindProblem(price)!);
            }
            return new QuestionForecast(null, null, null, price, names, [.. FindErrors(compiled)], [.. FindDoubts(compiled, earlier)]);
        }

        private static QuestionForecast Refuse(Refusal refusal) => new(refusal.Code, refusal.Detail, null, 0, [], [], []);

        private IEnumerable<ExpectedError> FindErrors(CompiledQuestion question) => question.Question.Kind switch
        {
            QuestionKind.Activation => [new ExpectedError("persons", 0)],
            QuestionKind.Sum => SumErrors(question.Measured!.Column, 3),
            QuestionKind.Program => ProgramErrors(contract.Analyses.FindProgram(question.Question.Program)!),
            QuestionKind.Lift => LiftErrors(contract.Analyses.Lift!, question.Segments is null ? "an arm" : "an arm of a segment"),
            _ => [new ExpectedError(question.CellCount > 1 ? "persons of a cell" : "persons", rules.Margin() ?? 0)],
        };

        private IEnumerable<ExpectedError> SumErrors(Column column, int parts)
        {
            yield return new ExpectedError("persons", rules.Margin(1, parts) ?? 0);
            yield return new ExpectedError(
                $"sum of {column.Name}", (rules.Margin(LiftTotals.Reach(column), parts) ?? 0) / (double)CellText.Power(column.Places));
        }

        private IEnumerable<ExpectedError> ProgramErrors(ProgramDesign program)
        {
            var noise = new ProgramNoise(contract, program, rules);
            return [new ExpectedError("persons", noise.Margin()), .. program.Outputs.Select(
                output => new ExpectedError($"a figure of {output.Name}", noise.Margin(output)))];
        }

        private IEnumerable<ExpectedError> LiftErrors(LiftDesign lift, string group)
        {
            // Of two-sided exponential noise, 95 % lie within 2.12 deviations.
            const double ofDeviation = 2.12;
            var shares = LiftShares.Of(contract);
            double Margin(LiftFigure figure, int outcome) => shares is null ? 0 : ofDeviation * Math.Sqrt(shares.Variance(figure, outcome));
            yield return new ExpectedError($"persons of {group}", Margin(LiftFigure.Persons, 0));
            for (var outcome = 0; outcome < lift.Outcomes.Count; outcome++)
            {
                yield return new ExpectedError($"total of {lift.Outcomes[outcome].Column} of {group}", Margin(LiftFigure.Sum, outcome));
            }
        }

        // The log has what was asked on which versions, and whether it was withheld.
        private IEnumerable<string> FindDoubts(CompiledQuestion question, List<EarlierQuestion> earlier)
        {
            var least = contract.Privacy.MinimumAudience;
            var rows = question.DataSets.Min(dataSet => dataSet.MaxRows);
            if ((long)question.CellCount * least > rows)
            {
                yield return $"{question.CellCount} cells with at least {least} persons each are more than the {rows} that a data set may "
                    + "have; many cells will be withheld";
            }
            var words = question.Words;
            var versionsOfWords = question.TextOf(versions);
            foreach (var before in earlier.Where(each => each.Compiled.Words == words))
            {
                if (before.Compiled.TextOf(before.Versions) is var text && text != versionsOfWords && !before.IsWithheld)
                {
                    yield return $"entry {before.Entry} of the log answered about the same group on an earlier version; unless at least "
                        + $"{least} persons of the group have changed, this one is withheld, and the earlier answer stays free";
                }
                else if (before.IsWithheld && text == versionsOfWords)
                {
                    yield return $"entry {before.Entry} of the log asked about the same group and was withheld";
                }
            }
        }

        private IEnumerable<EarlierQuestion> ReadQuestions()
        {
            var outcomes = new Dictionary<long, string>();
            foreach (var entry in facts.Log.Entries.Where(entry => entry.Event == LogEvents.Answer))
            {
                if (TryRead(entry, RoomLogJson.Default.AnswerDetail) is { } detail)
                {
                    outcomes[detail.Asked] = detail.Outcome;
                }
            }
            foreach (var entry in facts.Log.Entries.Where(entry => entry.Event == LogEvents.Question))
            {
                if (TryRead(entry, RoomLogJson.Default.QuestionDetail) is { } detail
                    && compiler.Compile(detail.Question).Value is { } compiled
                    && compiled.DataSets.All(dataSet => detail.Versions.ContainsKey(dataSet.Name)))
                {
                    var outcome = outcomes.GetValueOrDefault(entry.Sequence);
                    yield return new EarlierQuestion(
                        entry.Sequence, compiled, detail.Versions, outcome is not null && outcome != AnswerSummary.Answered);
                }
            }
        }

        private static T? TryRead<T>(LogLine entry, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
        {
            try
            {
                return JsonSerializer.Deserialize(entry.Detail, type);
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    private sealed record EarlierQuestion(
        long Entry, CompiledQuestion Compiled, IReadOnlyDictionary<string, string> Versions, bool IsWithheld);

    private sealed class NoRandom : IRandomBytes
    {
        public static readonly NoRandom Instance = new();

        public void Fill(Span<byte> bytes) => throw new InvalidOperationException("a forecast draws no noise");
    }
}

using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Data;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Room;

/// <summary>The questions to a room, their price and their answers. Thread-safe.</summary>
public sealed class RoomQuestions
{
    private readonly RoomState state;
    private readonly RoomContract contract;
    private readonly QuestionCompiler compiler;
    private readonly DisclosureRules rules;

    // Used while an analysis is locked.
    private readonly UnansweredQuestions unanswered;

    // Values of as many columns move together through a match.
    private const int ColumnsAtOnce = 4;

    // Versions whose columns were searched for empty cells; written while an analysis is locked.
    private readonly HashSet<string> learned = [];

    // The versions whose lift is reserved; written while an analysis is locked.
    private string? reservedKey;

    internal RoomQuestions(RoomState state)
    {
        (this.state, contract) = (state, state.Contract);
        compiler = new QuestionCompiler(contract);
        rules = new DisclosureRules(contract.Privacy, state.Enclave.Random);
        unanswered = UnansweredQuestions.From(state.Log.Entries, compiler);
    }

    // The price of an answer; null without noise.
    private decimal? PriceOf(Question question) => contract.PriceOf(question.Kind == QuestionKind.Lift, question.Program);

    /// <summary>
    /// Answers a question. The question is logged and charged before anything is computed, and the outcome is logged before the member
    /// learns it. The same question on the same data gets the same answer again, free of charge. One analysis runs at a time.
    /// </summary>
    /// <returns>
    /// A signed <see cref="Answer"/>, whose result may be withheld; for a member who may not read answers, a signed
    /// <see cref="QuestionReceipt"/>.
    /// </returns>
    /// <exception cref="RefusedException">The host changed a file, or the head of the log cannot be reached.</exception>
    public Outcome<byte[]> Ask(RoomMember member, Question question)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(question);
        lock (state.Analysis)
        {
            // A room that was handed over answers nothing, not even what it answered before.
            if (state.FindClosed() is { } closed)
            {
                return closed;
            }
            // Step 1: a refusal by the contract, the available data or the budget is free, because none of these depends on anybody's rows.
            var admitted = Admit(member, question);
            if (admitted.Refusal is { } refusal)
            {
                LogFreeQuestion(member, new FreeQuestionDetail(question, null, refusal.Code));
                return refusal;
            }
            // Step 2: an earlier answer is repeated.
            if (state.Answers.Find(admitted.Value!.Key) is { } known)
            {
                return Reply(member, known, LogFreeQuestion(member, new FreeQuestionDetail(question, known.Asked, null)));
            }
            return AnswerNew(member, question, admitted.Value);
        }
    }

    /// <summary>Reads the price of answers and the rest of each budget. It does not wait for a running analysis.</summary>
    public BudgetDescription ReadBudget()
    {
        var spent = state.Ledger.Spent;
        return new BudgetDescription(
            contract.Privacy.MinimumAudience, contract.Privacy.Epsilon, rules.Margin(),
            [.. contract.DataSets.Select(dataSet => DescribeBudget(dataSet.Name, spent[dataSet.Name]))], contract.Analyses.Lift?.Epsilon,
            contract.Privacy.Epsilon is null || contract.Roles.BudgetShares.Count == 0 ? null : state.Ledger.ListShares());
    }

    /// <summary>Lists the admitted questions, for members who may read answers. It does not wait for a running analysis.</summary>
    /// <exception cref="RefusedException">The head of the log is behind, and cannot be reached.</exception>
    public Outcome<AnswerList> ListAnswers(RoomMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        if (FindReceiverProblem(member) is { } refusal)
        {
            return refusal;
        }
        var records = state.Answers.Records;
        state.Log.Confirm();
        return new AnswerList(
            [.. records.Select(record => new AnswerSummary(record.Asked, record.Member, record.Question, record.Outcome))]);
    }

    /// <summary>Reads an earlier answer. It does not wait for a running analysis.</summary>
    /// <param name="member">The member.</param>
    /// <param name="asked">Sequence of the question's log entry.</param>
    /// <exception cref="RefusedException">The head of the log is behind, and cannot be reached.</exception>
    public Outcome<byte[]> ReadAnswer(RoomMember member, long asked)
    {
        ArgumentNullException.ThrowIfNull(member);
        if (FindReceiverProblem(member) is { } refusal)
        {
            return refusal;
        }
        if (state.Answers.Find(asked) is not { } record)
        {
            return RoomReasons.NoAnswer.Because($"there is no answer to entry {asked} of the log");
        }
        state.Log.Confirm();
        return FindActivationProblem(member, record.Question) is { } problem ? problem : record.Statement;
    }

    private DataSetBudget DescribeBudget(string dataSet, decimal spent)
    {
        var total = state.Ledger.BudgetOf(dataSet);
        int? left = contract.Privacy.Epsilon is { } price ? (int)Math.Max(0, Math.Floor((total - spent) / price)) : null;
        return new DataSetBudget(dataSet, total, spent, left);
    }

    private Outcome<AdmittedQuestion> Admit(RoomMember member, Question question)
    {
        if (!contract.Roles.Query.Contains(member.Name))
        {
            return RoomReasons.MayNotAsk.Because(
                $"the contract lets {string.Join(", ", contract.Roles.Query)} ask, not {member.Name}");
        }
        var compiled = compiler.Compile(question);
        if ((compiled.Refusal ?? FindActivationProblem(member, question)) is { } refusal)
        {
            return refusal;
        }
        var names = compiled.Value!.DataSets.Select(dataSet => dataSet.Name).ToList();
        var versions = new Dictionary<string, DataVersion>();
        foreach (var name in names)
        {
            if (state.FindVersion(name) is { } version)
            {
                versions[name] = version;
            }
        }
        var missing = names.Where(name => !versions.ContainsKey(name)).ToList();
        if (missing.Count > 0)
        {
            return RoomReasons.DataMissing.Because(
                $"{string.Join(", ", missing)}: no complete upload yet; its owner has to upload it first");
        }
        var key = compiled.Value.KeyOf(versions);
        if (state.Answers.Find(key) is null)
        {
            if (unanswered.Find(key) is null
                && state.Ledger.FindProblem(names, PriceOf(question) ?? 0, member.Name) is { } exhausted)
            {
                return exhausted;
            }
            if (!state.Guard.HasSpaceFor(new WidestAnswer(contract, compiled.Value).CountSets()))
            {
                return RoomReasons.HistoryFull.Because(
                    "this room cannot remember the groups of this answer too; ask for fewer cells, or agree on another contract");
            }
        }
        return new AdmittedQuestion(compiled.Value, versions, key);
    }

    private Outcome<byte[]> AnswerNew(RoomMember member, Question question, AdmittedQuestion admitted)
    {
        // Step 3: charge, unless it was charged before and never answered. A host that ends the enclave from here on gains nothing.
        var (compiled, versions, key) = admitted;
        var names = compiled.NamesOf(versions);
        var charged = unanswered.Find(key);
        if (charged is null)
        {
            charged = Charge(member, question, names);
            unanswered.Add(key, charged);
            state.Log.Confirm();
        }
        else
        {
            LogFreeQuestion(member, new FreeQuestionDetail(question, charged.Entry.Sequence, null));
        }

        // Step 4: compute and store.
        LearnCompleteColumns(versions);
        ReserveLift();
        using var trial = state.Guard.Begin(compiled.IsReserved);
        var result = new Analyst(contract, SetsOf(compiled, versions, trial), rules, state.Programs).Run(compiled);
        var widest = new WidestAnswer(contract, compiled);
        var statement = SignAnswer(charged, names, result.Value?.Body, widest);
        var outcome = result.Refusal?.Code ?? AnswerSummary.Answered;
        var record = new AnswerRecord(
            key, charged.Entry.Sequence, charged.Entry.Member, charged.Question, names, outcome, statement, result.Value?.Sets ?? []);
        var hash = state.Answers.Write(record, record.ToWidest(widest, state.Sketch));

        // Step 5: log, then reply. The entry counts even if the head cannot be reached, but nobody reads the record before it is confirmed.
        trial.Dispose();
        state.Log.Add(record.Member, LogEvents.Answer, new AnswerDetail(record.Asked, outcome, hash).Write());
        state.Guard.Remember(record.Sets);
        state.Answers.Add(record);
        unanswered.Remove(key);
        state.Log.Confirm();
        return Reply(member, record, charged.Entry);
    }

    // Without the CAS nothing is charged.
    private ChargedQuestion Charge(RoomMember member, Question question, IReadOnlyDictionary<string, string> names)
    {
        state.Log.RequireHead();
        var price = PriceOf(question) ?? 0;
        var detail = JsonSerializer.Serialize(new QuestionDetail(question, names, price), RoomLogJson.Default.QuestionDetail);
        var entry = state.Log.Add(member.Name, LogEvents.Question, detail);
        state.Ledger.Charge(names.Keys, price, member.Name);
        return new ChargedQuestion(entry, question);
    }

    // No other question may block the measurement that the members agreed on: its sets count as answered from the first question on.
    private void ReserveLift()
    {
        if (contract.Analyses.Lift is null || compiler.Compile(new Question { Kind = QuestionKind.Lift }).Value is not { } lift)
        {
            return;
        }
        var versions = new Dictionary<string, DataVersion>();
        foreach (var dataSet in lift.DataSets)
        {
            if (state.FindVersion(dataSet.Name) is { } version)
            {
                versions[dataSet.Name] = version;
            }
        }
        if (versions.Count < lift.DataSets.Count || lift.KeyOf(versions) is var key && key == reservedKey)
        {
            return;
        }
        LearnCompleteColumns(versions);
        using var trial = state.Guard.Begin(isReserved: true);
        state.Guard.Reserve(new LiftAnalysis(contract, SetsOf(lift, versions, trial), rules).FindReservedSets(lift));
        reservedKey = key;
    }

    private PersonSets SetsOf(CompiledQuestion question, IReadOnlyDictionary<string, DataVersion> versions, GuardTrial trial)
    {
        var linked = state.Links.Link(versions);
        return new PersonSets(
            state.Engines.Create(question.Filters.Across, linked), contract, linked, state.Guard, trial, state.Sketch,
            state.Keys.SketchKey());
    }

    // Without noise, one person without a value is the difference between everybody and all values together. Whether a version has any
    // empty cell in a column does not depend on any match.
    private void LearnCompleteColumns(IReadOnlyDictionary<string, DataVersion> versions)
    {
        if (!state.Guard.AuditsCombinations)
        {
            return;
        }
        foreach (var (name, version) in state.Links.Link(versions).Where(pair => learned.Add(pair.Value.Version)))
        {
            var names = versions.ToDictionary(pair => pair.Key, pair => pair.Value.Version);
            var dataSet = contract.FindDataSet(name)!;
            bool IsInTerms(int column) => dataSet.Columns[column].Filter
                || new[] { contract.Analyses.Lift?.Assignment, contract.Analyses.Lift?.Cluster, contract.Analyses.Reach?.Frequency }
                    .Contains(new ColumnReference(name, dataSet.Columns[column].Name));
            var engine = state.Engines.Create(null, new Dictionary<string, DataVersion> { [name] = version });
            foreach (var columns in Enumerable.Range(0, dataSet.Columns.Count).Where(IsInTerms).Chunk(ColumnsAtOnce))
            {
                var plan = new SumPlan([.. columns.Select(column => new Measure(0, column))], []);
                var totals = engine.SumCells([new SidePlan(version.Source, [], [])], 1, plan)[0];
                foreach (var (column, sums) in columns.Zip(totals.Measures).Where(pair => pair.Second.Count == version.Rows))
                {
                    state.Guard.CompleteColumns.Add(CompiledQuestion.NameOf(dataSet, names, column));
                }
            }
        }
    }

    private LogLine LogFreeQuestion(RoomMember member, FreeQuestionDetail detail) =>
        state.Append(member, LogEvents.FreeQuestion, detail, RoomLogJson.Default.FreeQuestionDetail);

    private Outcome<byte[]> Reply(RoomMember member, AnswerRecord record, LogLine entry)
    {
        if (FindReceiverProblem(member) is null)
        {
            return record.Statement;
        }
        var receipt = new QuestionReceipt(
            contract.Name, state.Hash, member.Name, entry.Instant, record.Question, record.Asked, entry.Hash);
        return state.Sign(receipt, AnswerJson.Default.QuestionReceipt, QuestionReceipt.StatementType);
    }

    private double? MarginOf(Question question) => question.Kind switch
    {
        QuestionKind.Lift => new LiftNoise(rules, contract).Margin(),
        QuestionKind.Program => new ProgramNoise(contract, contract.Analyses.FindProgram(question.Program)!, rules).Margin(),
        _ => rules.Margin(),
    };

    // A refusal by a privacy rule is signed too, and both have one size.
    private byte[] SignAnswer(
        ChargedQuestion charged, IReadOnlyDictionary<string, string> names, AnswerBody? result, WidestAnswer widest)
    {
        var (entry, question) = charged;
        var provenance = new AnswerProvenance
        {
            Room = contract.Name,
            ContractHash = state.Hash,
            ContractVersion = contract.Version,
            Member = entry.Member,
            Instant = entry.Instant,
            Question = question,
            DataVersions = names,
            MinimumAudience = contract.Privacy.MinimumAudience,
            Epsilon = PriceOf(question),
            NoiseMargin = (long?)MarginOf(question),
            LogHash = entry.Hash,
        };
        var rule = rules.Withhold();
        var withheld = new WithheldResult(rule.Code, rule.Detail);
        var payload = PaddedJson.Write(
            new Answer(provenance, result ?? withheld), widest.SizeOf(provenance, withheld), AnswerJson.Default.Answer);
        return state.Enclave.Statements.Sign(payload, Answer.StatementType);
    }

    private Refusal? FindReceiverProblem(RoomMember member) => contract.Roles.Receive.Contains(member.Name)
        ? null
        : RoomReasons.MayNotReceive.Because(
            $"the contract lets {string.Join(", ", contract.Roles.Receive)} read answers, not {member.Name}");

    private Refusal? FindActivationProblem(RoomMember member, Question question) =>
        question.Kind == QuestionKind.Activation && contract.Analyses.Activation!.Receiver != member.Name
            ? RoomReasons.NotTheReceiver.Because($"the list is for {contract.Analyses.Activation.Receiver} only")
            : null;

    private sealed record AdmittedQuestion(CompiledQuestion Question, IReadOnlyDictionary<string, DataVersion> Versions, string Key);
}

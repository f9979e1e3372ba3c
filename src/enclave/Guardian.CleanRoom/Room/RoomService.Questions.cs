using System.Text.Json;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Log;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;

namespace Guardian.CleanRoom.Room;

/// <content>Questions, their price, and their answers.</content>
public sealed partial class RoomService
{
    /// <summary>
    /// Answers a question, or says why not. It is in the log, and what it costs is spent, before anything is computed; the outcome is in the log before the member learns it. The same
    /// question on the same data gets the same answer again, for nothing.
    /// </summary>
    /// <returns>A signed <see cref="Answer"/>, or for a member who may not read answers, a signed <see cref="QuestionReceipt"/>.</returns>
    public Outcome<byte[]> Ask(RoomMember member, Question question)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(question);
        lock (versions)
        {
            // Step 1: what the contract, the data at hand and the budget do not allow costs nothing: none of that depends on anybody's rows.
            var admitted = Admit(member, question);
            if (admitted.Refusal is { } refusal)
            {
                Log(member, LogEvents.FreeQuestion, new FreeQuestionDetail(question, null, refusal.Reason), RoomLogJson.Default.FreeQuestionDetail);
                return refusal;
            }
            // Step 2: what was answered before is answered again.
            var (compiled, current, key) = admitted.Value!;
            if (answers.Find(key) is { } known)
            {
                var again = Log(member, LogEvents.FreeQuestion, new FreeQuestionDetail(question, known.Asked, null), RoomLogJson.Default.FreeQuestionDetail);
                return Give(member, known, again);
            }
            // Step 3: charged first; a host that ends the enclave from here on gains nothing.
            var epsilon = contract.Privacy.Epsilon ?? 0;
            var digests = compiled.DataSets.ToDictionary(dataSet => dataSet.Name, dataSet => current[dataSet.Name].Digest);
            ledger.Charge(digests.Keys, epsilon);
            var entry = Log(member, LogEvents.Question, new QuestionDetail(question, digests, epsilon), RoomLogJson.Default.QuestionDetail);
            // Step 4: computed, kept, logged, given.
            var sets = new PersonSets(
                new MatchEngine(layout, threads) { Across = compiled.Filters.Across }, current, guard, SketchLayout.For(contract.Privacy.MinimumAudience, layout.GroupCount), keys.SketchKey());
            var result = new Analyst(contract, sets, rules).Run(compiled);
            var record = new AnswerRecord(
                key, entry.Sequence, member.Name, question, result.Value is { } value ? Sign(member, question, digests, entry, value) : null, result.Refusal,
                result.Value?.Sets ?? []);
            var hash = answers.Add(record);
            Log(member, LogEvents.Answer, new AnswerDetail(entry.Sequence, record.Refusal?.Reason ?? "answered", hash), RoomLogJson.Default.AnswerDetail);
            guard.Remember(result.Value?.Sets ?? []);
            return Give(member, record, entry);
        }
    }

    /// <summary>What answers cost and what is left.</summary>
    public Outcome<BudgetDescription> ReadBudget()
    {
        lock (versions)
        {
            return new BudgetDescription(
                contract.Privacy.MinimumAudience, contract.Privacy.Epsilon, rules.Margin(),
                [.. contract.DataSets.Select(dataSet =>
                {
                    var (total, spent) = (ledger.BudgetOf(dataSet.Name), ledger.Spent[dataSet.Name]);
                    return new DataSetBudget(dataSet.Name, total, spent, contract.Privacy.Epsilon is { } price ? (int)Math.Max(0, Math.Floor((total - spent + 1e-9) / price)) : null);
                })]);
        }
    }

    /// <summary>The questions that were let in, for members who may read answers.</summary>
    public Outcome<AnswerList> ListAnswers(RoomMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        lock (versions)
        {
            return FindReceiverProblem(member) is { } refusal
                ? refusal
                : new AnswerList([.. answers.Records.Select(record => new AnswerSummary(record.Asked, record.Member, record.Question, record.Refusal?.Reason ?? "answered"))]);
        }
    }

    /// <summary>An answer that was given before.</summary>
    /// <param name="asked">Sequence of the question's entry in the log.</param>
    public Outcome<byte[]> ReadAnswer(RoomMember member, long asked)
    {
        ArgumentNullException.ThrowIfNull(member);
        lock (versions)
        {
            if (FindReceiverProblem(member) is { } refusal)
            {
                return refusal;
            }
            return answers.Find(asked) is not { } record
                ? new RoomRefusal(RefusalKind.NotFound, "no-answer", $"there is no answer to entry {asked} of the log")
                : FindActivationProblem(member, record.Question) ?? record.Refusal ?? (Outcome<byte[]>)record.Statement!;
        }
    }

    private Outcome<AdmittedQuestion> Admit(RoomMember member, Question question)
    {
        if (!contract.Roles.Query.Contains(member.Name))
        {
            return new RoomRefusal(RefusalKind.Forbidden, "may-not-ask", $"the contract lets {string.Join(", ", contract.Roles.Query)} ask, not {member.Name}");
        }
        var compiled = compiler.Compile(question);
        if ((compiled.Refusal ?? FindActivationProblem(member, question)) is { } refusal)
        {
            return refusal;
        }
        var names = compiled.Value!.DataSets.Select(dataSet => dataSet.Name).ToList();
        var current = new Dictionary<string, DataVersion>();
        foreach (var name in names)
        {
            if (FindVersion(name) is { } version)
            {
                current[name] = version;
            }
        }
        var missing = names.Where(name => !current.ContainsKey(name)).ToList();
        if (missing.Count > 0)
        {
            return new RoomRefusal(RefusalKind.Conflict, "data-missing", $"{string.Join(", ", missing)}: no complete upload yet; its owner has to upload it first");
        }
        var key = compiled.Value.Key(current);
        var isNew = answers.Find(key) is null;
        if (isNew && ledger.FindProblem(names, contract.Privacy.Epsilon ?? 0) is { } exhausted)
        {
            return exhausted;
        }
        return isNew && guard.IsFull
            ? new RoomRefusal(RefusalKind.Conflict, "history-full", "this room has answered as much as it can remember; go on under a contract that succeeds this one")
            : new AdmittedQuestion(compiled.Value, current, key);
    }

    // The log knows which version counts; a folder of another time, or a commit that was cut off, does not.
    private DataVersion? FindVersion(string dataSet) =>
        stores[dataSet].Current is { } version && committed.GetValueOrDefault(dataSet) == version.Digest ? version : null;

    private Outcome<byte[]> Give(RoomMember member, AnswerRecord record, LogLine entry)
    {
        if (FindReceiverProblem(member) is null)
        {
            return record.Refusal ?? (Outcome<byte[]>)record.Statement!;
        }
        var receipt = new QuestionReceipt(contract.Name, Hash, member.Name, entry.Instant, record.Question, record.Asked, entry.Hash);
        return enclave.Statements.Sign(JsonSerializer.SerializeToUtf8Bytes(receipt, AnswerJson.Default.QuestionReceipt), QuestionReceipt.StatementType);
    }

    private byte[] Sign(RoomMember member, Question question, IReadOnlyDictionary<string, string> digests, LogLine entry, AnalysisResult result)
    {
        var answer = new Answer(
            contract.Name, Hash, contract.Version, member.Name, entry.Instant, question, digests, contract.Privacy.MinimumAudience, contract.Privacy.Epsilon, (long?)rules.Margin(), entry.Hash,
            result.Overlap, result.Crosstab, result.Sum, result.Reach, result.Lift, result.Activation);
        return enclave.Statements.Sign(JsonSerializer.SerializeToUtf8Bytes(answer, AnswerJson.Default.Answer), Answer.StatementType);
    }

    private RoomRefusal? FindReceiverProblem(RoomMember member) => contract.Roles.Receive.Contains(member.Name)
        ? null
        : new RoomRefusal(RefusalKind.Forbidden, "may-not-receive", $"the contract lets {string.Join(", ", contract.Roles.Receive)} read answers, not {member.Name}");

    private RoomRefusal? FindActivationProblem(RoomMember member, Question question) =>
        question.Kind == QuestionKind.Activation && contract.Analyses.Activation!.Receiver != member.Name
            ? new RoomRefusal(RefusalKind.Forbidden, "not-the-receiver", $"the list is for {contract.Analyses.Activation.Receiver} alone")
            : null;

    private sealed record AdmittedQuestion(CompiledQuestion Question, IReadOnlyDictionary<string, DataVersion> Versions, string Key);
}

using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.CleanRoom.Tests.Support;
using Guardian.Documents;
using Guardian.Refusals;
using static Guardian.CleanRoom.Tests.Support.TestPrograms;

namespace Guardian.CleanRoom.Tests.Programs;

/// <summary>Analyses that members bring: a program gets each matched person's cells, and the room adds up its bounded parts.</summary>
public sealed class ProgramRoomTests
{
    // Three persons' counts by arm; the score above -70000 where there is one; spend above 0 in cents; and whether the age is empty.
    private static readonly byte[] Wasm = Assemble(
        string.Concat(Enumerable.Range(0, 3).Select(arm => Output(arm, $"(i64.extend_i32_u (i64.eq {Input(0)} {Number(arm)}))")))
        + Output(3, $"(i64.add {Input(1)} {Number(70_000)})") + Output(4, Input(2))
        + Output(5, $"(i64.extend_i32_u (i64.eq {Input(3)} {Number(long.MinValue)}))"),
        6);

    private const string Outputs = "{name: arms, cells: [Red, Blue, None], cap: 1}, {name: score, cells: [all], cap: 140000}, "
        + "{name: spend, cells: [all], cap: 50, places: 2}, {name: unknown, cells: [age], cap: 1}";

    private readonly List<CampaignRow> campaign = TestRows.Campaign(new Random(1), 3_000, 4_000);
    private readonly List<CustomerRow> customers = TestRows.Customers(new Random(2), 3_500, 4_000);

    private List<(CampaignRow Campaign, CustomerRow Customer)> Pairs =>
        [.. campaign.Join(customers, row => row.Email, row => row.Email, (one, other) => (one, other))];

    [Fact]
    public void Figures_are_those_of_a_plain_join()
    {
        using var room = Upload(Open(Wasm, Outputs));
        AssertFigures(room.Ask<ProgramResult>(TestPrograms.Ask), Pairs);
        // The program's own price, from the budgets of all data sets that take part.
        Assert.All(room.Service.Questions.ReadBudget().DataSets, dataSet => Assert.Equal(2, dataSet.Spent));
        // The same again is free.
        room.Ask<ProgramResult>(TestPrograms.Ask);
        Assert.Equal(2, room.Service.Questions.ReadBudget().DataSets[0].Spent);
    }

    [Fact]
    public void Conditions_select_the_persons()
    {
        using var room = Upload(Open(Wasm, Outputs));
        var question = TestPrograms.Ask with
        {
            Where = [new AnyOf([new Predicate("customers.age", "<", ["60"]), new Predicate("campaign.arm", "=", ["Red"])])],
        };
        AssertFigures(
            room.Ask<ProgramResult>(question), [.. Pairs.Where(pair => pair.Customer.Age < 60 || pair.Campaign.Arm == "Red")]);
    }

    [Fact]
    public void The_answer_names_the_program_and_the_log_has_the_question()
    {
        using var room = Upload(Open(Wasm, Outputs));
        var answer = room.Ask(TestPrograms.Ask);
        var result = Assert.IsType<ProgramResult>(answer.Body);
        Assert.Equal(
            (2m, "test", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Wasm))),
            (answer.Epsilon, result.Program, result.Digest));
        Assert.Equal([1, 140_000, 50, 1], result.Outputs.Select(output => output.Cap));
        Assert.Contains(room.Service.ReadLog().Entries, entry => entry.Event == "question" && entry.Detail.Contains(
            "\"program\":\"test\"", StringComparison.Ordinal));
        // A forecast has the same price and margins.
        var facts = new PublicFacts(
            room.Service.Describe(room.Agency), room.Service.Questions.ReadBudget(), room.Service.ReadLog());
        var other = TestPrograms.Ask with { Where = [new Predicate("customers.age", "<", ["60"])] };
        var forecast = QuestionForecast.Of(room.Contract, "agency", other, facts);
        Assert.Equal(2, forecast.Price);
        Assert.Equal([answer.NoiseMargin!.Value, .. result.Outputs.Select(output => output.Margin)],
            forecast.Errors.Select(error => error.Margin));
    }

    [Fact]
    public void Noise_has_the_scale_of_the_cap_and_the_price()
    {
        // Four outputs and the number of persons share 2: each gets 0.4.
        var errors = Enumerable.Range(0, 40).Select(seed =>
        {
            using var room = Upload(Open(Wasm, Outputs, new SeededBytes(seed)));
            var result = room.Ask<ProgramResult>(TestPrograms.Ask);
            return (Count: result.Persons - Pairs.Count,
                Spend: Cell(result, "spend", "all")!.Value - (Spend(Pairs) / 100.0), result.Outputs[2].Margin);
        }).ToList();
        Assert.InRange(Math.Sqrt(errors.Average(error => Math.Pow(error.Spend, 2))), 0.6 * Math.Sqrt(2) * 50 / 0.4,
            1.5 * Math.Sqrt(2) * 50 / 0.4);
        Assert.InRange(Math.Sqrt(errors.Average(error => Math.Pow(error.Count, 2))), 0.6 * Math.Sqrt(2) / 0.4, 1.5 * Math.Sqrt(2) / 0.4);
        Assert.All(errors, error => Assert.InRange(error.Margin, 0.98 * 3 * 50 / 0.4, 1.02 * 3 * 50 / 0.4));
    }

    [Fact]
    public void Figures_to_which_too_few_persons_may_have_added_are_withheld()
    {
        // A minimum audience of 20: fewer than 20 times the cap may be of fewer than 20 persons.
        var wasm = Assemble(Output(0, $"(i64.extend_i32_u (i64.lt_s {Input(3)} {Number(1)}))") + Output(1, Number(1)), 2);
        using var room = Upload(Open(wasm, "{name: young, cells: [few, all], cap: 2}"));
        var result = room.Ask<ProgramResult>(TestPrograms.Ask);
        // Empty cells are less than 1 too, so there are enough of those; 2 persons' worth each.
        Assert.Equal(Pairs.Count(pair => pair.Customer.Age is null or 0), Cell(result, "young", "few"));
        var narrow = TestPrograms.Ask with { Where = [new Predicate("customers.age", "<=", ["2"])] };
        var few = room.Ask<ProgramResult>(narrow);
        Assert.InRange(Pairs.Count(pair => pair.Customer.Age == 0), 1, 39);
        Assert.Null(Cell(few, "young", "few"));
        Assert.NotNull(Cell(few, "young", "all"));
    }

    [Fact]
    public void A_group_below_the_minimum_audience_is_withheld_and_charged()
    {
        using var room = Upload(Open(Wasm, Outputs));
        var nobody = TestPrograms.Ask with { Where = [new Predicate("customers.age", "<", ["0"])] };
        Assert.Equal("below-minimum-audience", room.Refusal(nobody));
        Assert.Equal(2, room.Service.Questions.ReadBudget().DataSets[0].Spent);
    }

    [Fact]
    public void A_person_whose_run_fails_adds_nothing_and_disturbs_nobody()
    {
        // Even ages run for ever, multiples of three trap, those of five write too much: all others count.
        var age = Input(3);
        string Is(int divisor) => $"(i64.eqz (i64.rem_s {age} {Number(divisor)}))";
        var wasm = Assemble(
            $"(if {Is(2)} (then (loop (br 0)))) (if {Is(3)} (then (unreachable))) (if {Is(5)} (then (call $write (i32.const 64))))"
            + $"(if (i64.lt_s {age} {Number(0)}) (then (call $proc_exit (i32.const 9))))" + Output(0, Number(1)), 1);
        using var room = Upload(Open(wasm, "{name: count, cells: [persons], cap: 1}"));
        var result = room.Ask<ProgramResult>(TestPrograms.Ask);
        Assert.Equal(Pairs.Count, result.Persons);
        Assert.Equal(
            Pairs.Count(pair => pair.Customer.Age is { } years && years % 2 != 0 && years % 3 != 0 && years % 5 != 0),
            Cell(result, "count", "persons"));
    }

    [Fact]
    public void A_room_does_not_open_with_another_program_or_without_it()
    {
        var other = Assemble(Output(0, Number(2)), 6);
        foreach (var programs in new[] { new Dictionary<string, byte[]>(), new() { ["test"] = other }, new() { ["tset"] = Wasm } })
        {
            var refusal = Assert.Throws<RefusedException>(() => new TestRoom(
                TestContract.Read(Allow(Wasm, Outputs), Noise), null, programs: programs)).Refusal;
            Assert.Equal("wrong-program", refusal.Code);
        }
    }

    [Theory]
    [InlineData("""(module (import "env" "send" (func)) (func (export "_start")))""", "no-such-import")]
    [InlineData("""(module (memory 33) (func (export "_start")))""", "not-a-program")]
    public void A_program_that_asks_for_more_than_it_gets_does_not_open(string text, string code)
    {
        var wasm = Guardian.Wasi.Engine.WasmEngine.Assemble(text);
        Assert.Equal(code, Assert.Throws<RefusedException>(() => Open(wasm, "{name: a, cells: [b], cap: 1}")).Refusal.Code);
    }

    [Fact]
    public void Questions_name_a_program_of_the_contract()
    {
        using var room = Upload(Open(Wasm, Outputs));
        Assert.Equal("no-program", room.Refusal(TestPrograms.Ask with { Program = null }));
        Assert.Equal("no-program", room.Refusal(TestPrograms.Ask with { Program = "other" }));
        Assert.Equal("no-program", room.Refusal(new Question { Kind = QuestionKind.Overlap, Program = "test" }));
        using var without = new TestRoom();
        Assert.Equal("analysis-not-allowed", without.Refusal(TestPrograms.Ask));
    }

    [Fact]
    public void An_owner_lowers_the_price()
    {
        var contract = TestContract.Read(
            Allow(Wasm, Outputs), Noise, ("max_rows: 4000", "max_rows: 4000\n    rules: {epsilon: 0.25}"));
        Assert.Equal(0.25m, contract.Analyses.Programs[0].Epsilon);
    }

    [Theory]
    [InlineData("  noise: {epsilon: 0.5}\n  budget: 20\n", "  noise: none\n", "need noise")]
    [InlineData("cap: 1}", "cap: 1.5}", "decimal places")]
    [InlineData("cap: 1}", "cap: 0}", "'cap' must be")]
    [InlineData("campaign.arm, campaign.score", "campaign.arm, campaign.email", "no column of this contract")]
    [InlineData("campaign.arm, campaign.score", "campaign.arm, campaign.arm", "occurs twice")]
    [InlineData("cells: [Red, Blue, None]", "cells: [Red, Blue, Red]", "name of its own")]
    [InlineData("{name: score,", "{name: spend,", "several outputs")]
    [InlineData("      epsilon: 2", "      epsilon: 2\n      fuel: 10", "'fuel' must be")]
    [InlineData("      epsilon: 2", "      epsilon: 2\n      memory: 100", "'memory' must be")]
    [InlineData("      digest: ", "      digest: 0", "64 lower-case hex digits")]
    public void A_contract_with_a_wrong_program_is_refused(string old, string replacement, string words)
    {
        var text = TestContract.Change(Allow(Wasm, Outputs), Noise, (old, replacement));
        var problems = new DocumentProblems();
        Assert.Null(ContractReader.Read(TestRows.Utf8(text), problems));
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(words, StringComparison.Ordinal));
    }

    private TestRoom Upload(TestRoom room)
    {
        room.Upload("campaign", TestRows.Csv(campaign));
        room.Upload("customers", TestRows.Csv(customers));
        return room;
    }

    private static void AssertFigures(ProgramResult result, List<(CampaignRow Campaign, CustomerRow Customer)> pairs)
    {
        Assert.Equal(pairs.Count, result.Persons);
        Assert.All(["Red", "Blue", "None"], arm =>
            Assert.Equal(pairs.Count(pair => pair.Campaign.Arm == arm), Cell(result, "arms", arm)));
        Assert.Equal(pairs.Sum(pair => pair.Campaign.Score + 70_000L ?? 0), Cell(result, "score", "all"));
        Assert.Equal(Spend(pairs) / 100.0, Cell(result, "spend", "all"));
        Assert.Equal(pairs.Count(pair => pair.Customer.Age is null), Cell(result, "unknown", "age"));
    }

    private static long Spend(IEnumerable<(CampaignRow Campaign, CustomerRow Customer)> pairs) =>
        pairs.Sum(pair => Math.Clamp((long)((pair.Customer.Spend ?? 0) * 100), 0, 5_000));
}

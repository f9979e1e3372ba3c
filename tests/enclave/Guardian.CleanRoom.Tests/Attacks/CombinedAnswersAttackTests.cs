using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Attacks;

/// <summary>
/// Attacks on a room without noise that combine many answers about large and quite different groups, so that one person remains. A guard
/// that compares an answer with each earlier one lets them pass; the room must not. The agency's own column divides its list into blocks
/// (the letters A to F) and the target (T); the secret is about the retailer's customers.
/// </summary>
public sealed class CombinedAnswersAttackTests
{
    private const int K = 40;
    private const string Target = "person7@example.com";

    // Sums of answers, written with + and - before the blocks of each group. In each, the target counts as often as the number
    // says, and nobody else counts.
    public static TheoryData<string, int> Trackers() => new()
    {
        { "+TAB +CD -AC -BD", 1 },
        { "+TA +TB -AB", 2 },
        { "+TAB -AC -BC +C +C", 1 },
        { "+TAC +BC -ABC -C", 1 },
        { "+TAB +CD +EF -AC -BE -DF", 1 },
        { "+TABC +DEF -AD -BE -CF", 1 },
        { "+TA +BC +DE -AB -CD -E", 1 },
        { "+TAB +TCD +TEF -AC -BE -DF", 3 },
    };

    [Theory]
    [MemberData(nameof(Trackers))]
    public void Sums_of_answers_isolate_a_person_only_where_answers_are_compared_one_by_one(string tracker, int times)
    {
        var terms = tracker.Split(' ').ToList();
        Assert.Equal(times, Combine(new PairwiseRoom(Rows()), terms, counted: true));
        Assert.Equal(0, Combine(new PairwiseRoom(Rows(isMember: false)), terms, counted: true));
        using var room = new BlockRoom(Rows());
        Assert.Null(Combine(room, terms, counted: true));
        using var other = new BlockRoom(Rows(isMember: false));
        Assert.Null(Combine(other, terms, counted: true));
    }

    [Fact]
    public void Sums_of_money_are_no_way_round()
    {
        var terms = "+TAB +CD -AC -BD".Split(' ').ToList();
        Assert.Equal(50, Combine(new PairwiseRoom(Rows()), terms, counted: false));
        using var room = new BlockRoom(Rows());
        Assert.Null(Combine(room, terms, counted: false));
        // Counts first, sums afterwards, and both mixed.
        using var mixed = new BlockRoom(Rows());
        Assert.NotNull(mixed.Count("TAB"));
        Assert.NotNull(mixed.Sum("CD"));
        Assert.NotNull(mixed.Count("AC"));
        Assert.Null(mixed.Sum("BD"));
        Assert.Null(mixed.Count("BD"));
    }

    [Fact]
    public void The_cells_of_a_table_and_one_group_isolate_a_person_only_where_cells_are_compared_one_by_one()
    {
        // Five cells of one answer; the group of the other answer is four of them and the target.
        long? Attack(IBlockRoom room) => room.Count("ABCDT") is { } group && room.Cells() is { } cells
            && "ABCD".All(block => cells.ContainsKey(block)) ? group - "ABCD".Sum(block => cells[block]) : null;
        Assert.Equal(1, Attack(new PairwiseRoom(Rows())));
        using var room = new BlockRoom(Rows());
        Assert.Null(Attack(room));
        // In the other order too.
        using var other = new BlockRoom(Rows());
        var shown = string.Concat(other.Cells()!.Keys.Take(4));
        Assert.Equal(4, shown.Length);
        Assert.Null(other.Count(shown + "T"));
    }

    [Fact]
    public void An_empty_cell_marks_a_person_only_where_persons_without_a_value_are_ignored()
    {
        // The target has no block at all. Everybody less all blocks is the target.
        static List<Row> Marked(bool isMember) =>
            [.. Rows(isMember).Select(row => row.Email == Target ? row with { Block = null } : row)];
        static long? Attack(IBlockRoom room) =>
            room.Count("") is { } all && room.Cells() is { Count: 6 } cells ? all - cells.Values.Sum() : null;
        Assert.Equal(1, Attack(new PairwiseRoom(Marked(isMember: true))));
        foreach (var isMember in new[] { true, false })
        {
            using var room = new BlockRoom(Marked(isMember));
            Assert.Null(Attack(room));
        }
    }

    [Fact]
    public void Versions_of_a_list_are_no_way_round()
    {
        // Each version has one block only, so that every question has the same words.
        static long? Attack(IBlockRoom room)
        {
            var counts = new[] { "TAB", "CD", "AC", "BD" }.Select(blocks =>
            {
                room.Upload([.. Rows().Select(row => row with { Block = blocks.Contains(row.Block![0]) ? "A" : "F" })]);
                return room.Count("A");
            }).ToList();
            return counts.Contains(null) ? null : counts[0] + counts[1] - counts[2] - counts[3];
        }
        Assert.Equal(1, Attack(new PairwiseRoom(Rows())));
        using var room = new BlockRoom(Rows());
        Assert.Null(Attack(room));
    }

    [Fact]
    public void A_restart_forgets_no_answer()
    {
        using var room = new BlockRoom(Rows());
        Assert.NotNull(room.Count("TAB"));
        Assert.True(room.Cells()!.Count >= 4);
        room.Reopen();
        Assert.Null(room.Count("ABCD"));
        // A group that follows from answers before the restart by logic alone is answered after it.
        Assert.NotNull(room.Count("CD"));
    }

    // The target is a customer, or a stranger; all others of the list are customers, but for a hundred.
    private static List<Row> Rows(bool isMember = true) =>
    [
        new Row(isMember ? Target : "stranger@example.com", "T"),
        .. Enumerable.Range(8, 900).Select(i => new Row($"person{i}@example.com", "ABCDEF".Substring(i % 6, 1))),
        .. Enumerable.Range(0, 100).Select(i => new Row($"nobody{i}@example.com", "ABCDEF".Substring(i % 6, 1))),
    ];

    private static long? Combine(IBlockRoom room, IEnumerable<string> terms, bool counted)
    {
        var figures = terms.Select(term =>
            (term[0] == '+' ? 1 : -1) * (counted ? room.Count(term[1..]) : room.Sum(term[1..]))).ToList();
        return figures.Contains(null) ? null : figures.Sum();
    }

    private sealed record Row(string Email, string? Block);

    private interface IBlockRoom : IDisposable
    {
        void Upload(List<Row> rows);

        long? Count(string blocks);

        long? Sum(string blocks);

        IReadOnlyDictionary<char, long>? Cells();
    }

    private static IEnumerable<string> Customers => Enumerable.Range(0, 1_500).Select(i => $"person{i}@example.com");

    // A guard that compares each group with every earlier one, person by person, and every table with the groups before.
    private sealed class PairwiseRoom(List<Row> list) : IBlockRoom
    {
        private readonly HashSet<string> customers = [.. Customers];
        private readonly List<HashSet<string>> answered = [];
        private List<Row> rows = list;

        public void Upload(List<Row> rows) => this.rows = rows;

        public long? Count(string blocks)
        {
            var group = Find(row => blocks.Length == 0 || (row.Block is { } block && blocks.Contains(block, StringComparison.Ordinal)));
            return IsSafe(group) ? Remember(group) : null;
        }

        public long? Sum(string blocks) => 50 * Count(blocks);

        public IReadOnlyDictionary<char, long> Cells() =>
            "ABCDEFT".Select(block => (Block: block, Group: Find(row => row.Block == $"{block}")))
            .Where(cell => IsSafe(cell.Group)).ToDictionary(cell => cell.Block, cell => Remember(cell.Group));

        public void Dispose()
        {
        }

        private HashSet<string> Find(Func<Row, bool> isIn) =>
            [.. rows.Where(isIn).Select(row => row.Email).Where(customers.Contains)];

        private bool IsSafe(HashSet<string> group) => group.Count >= K && answered.TrueForAll(other =>
            other.SetEquals(group) || group.Except(other).Count() + other.Except(group).Count() >= K);

        private long Remember(HashSet<string> group)
        {
            answered.Add(group);
            return group.Count;
        }
    }

    private sealed class BlockRoom : IBlockRoom
    {
        private readonly TestRoom room = new(
            ("{name: score, type: integer, minimum: -70000, maximum: 70000, filter: true}",
                "{name: block, type: category, values: [A, B, C, D, E, F, T], filter: true}"),
            ("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}",
                "{name: spend, type: decimal, places: 2, minimum: 0, maximum: 10000, sum: true, cap: 500}"),
            ("  overlap: true", "  overlap: true\n  sum: true"),
            ("minimum_audience: 20", $"minimum_audience: {K}"));

        public BlockRoom(List<Row> rows)
        {
            room.Upload("customers", "mail,region,visit,spend,age\n" + string.Concat(Customers.Select(mail => $"{mail},North,1,50,30\n")));
            Upload(rows);
        }

        public void Upload(List<Row> rows) =>
            room.Upload("campaign", "email,arm,exposed,block\n" + string.Concat(rows.Select(row => $"{row.Email},Red,1,{row.Block}\n")));

        public void Reopen() => room.Reopen();

        public long? Count(string blocks) => (Ask(QuestionKind.Overlap, blocks) as OverlapResult)?.Persons;

        public long? Sum(string blocks) => (long?)(Ask(QuestionKind.Sum, blocks) as SumResult)?.Sum;

        public IReadOnlyDictionary<char, long>? Cells() =>
            (room.Ask(new Question { Kind = QuestionKind.Crosstab, By = ["campaign.block"] }).Body as CrosstabResult)?.Cells
                .Where(cell => cell.Persons is not null).ToDictionary(cell => cell.Values[0][0], cell => cell.Persons!.Value);

        public void Dispose() => room.Dispose();

        private AnswerBody Ask(QuestionKind kind, string blocks) => room.Ask(new Question
        {
            Kind = kind,
            Column = kind == QuestionKind.Sum ? "customers.spend" : null,
            Where = blocks.Length == 0 ? [] : [new Predicate("campaign.block", "in", [.. blocks.Select(block => $"{block}")])],
        }).Body;
    }
}

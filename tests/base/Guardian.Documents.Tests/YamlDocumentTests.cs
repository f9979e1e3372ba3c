using System.Text;
using Guardian.Refusals;

namespace Guardian.Documents.Tests;

/// <summary>Strict reading of YAML, with a position for each mistake.</summary>
public class YamlDocumentTests
{
    [Theory]
    [InlineData("", "1:1")]
    [InlineData("just text\n", "1:1")]
    [InlineData("- a\n- b\n", "1:1")]
    [InlineData("a: 1\na: 2\n", "2:1")]
    [InlineData("a: &x 1\n", "1:4")]
    [InlineData("a: *x\n", "1:4")]
    [InlineData("a: !!int 1\n", "1:4")]
    [InlineData("a: 1\n---\nb: 2\n", "2:1")]
    [InlineData("a: [1\n", ":")]
    [InlineData("a: \"open\n", ":")]
    [InlineData("? {a: b}\n: c\n", "1:")]
    public void Text_that_is_not_strict_yaml_is_refused_with_its_position(string text, string position)
    {
        var problems = new DocumentProblems();
        YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems);
        Assert.Contains(position, problems.Items.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Invalid_bytes_too_much_text_and_endless_depth_are_refused()
    {
        Assert.Contains("not UTF-8", Problem([.. "a: 1\nb: "u8, 0xFF]), StringComparison.Ordinal);
        Assert.StartsWith("2:", Problem([.. "a: 1\nb: "u8, 0xFF]), StringComparison.Ordinal);
        Assert.Contains("bytes", Problem(new byte[10_000_000]), StringComparison.Ordinal);
        Assert.NotEmpty(Problem(Encoding.UTF8.GetBytes("a: " + new string('[', 10_000))));
        Assert.NotEmpty(Problem(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{a: ", 10_000)))));
    }

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_document()
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read([0xEF, 0xBB, 0xBF, .. "a: 1\nb: 2\n"u8], problems)!;
        Assert.Equal(["a", "b"], map.Names);
        Assert.False(problems.Any);
        Assert.StartsWith("2:1: byte 11 is", Problem([0xEF, 0xBB, 0xBF, .. "a: 1\nb: "u8, 0xFF]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_document_ends_at_its_bound_of_nodes()
    {
        static byte[] Keys(int count) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, count).Select(i => $"k{i}: 1\n")));
        var problems = new DocumentProblems();
        // A map, and a name and a value for each key.
        Assert.NotNull(YamlDocument.Read(Keys(499), problems, maxNodes: 1000));
        Assert.Null(YamlDocument.Read(Keys(60_000), problems, maxNodes: 1000));
        Assert.Equal("500:7: the document has more than 1000 names, values, lists and maps", Assert.Single(problems.Items).ToString());
    }

    [Fact]
    public void Unread_members_and_values_of_the_wrong_kind_are_reported()
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read("size: many\nflag: yes\nname: {a: b}\nlist: text\nextra: 1\n"u8, problems)!;
        map.Integer("size", 1, 10);
        map.Flag("flag", absent: false);
        map.Text("name");
        map.Texts("list");
        map.End();
        Assert.Equal(["1:7", "2:7", "3:7", "4:7", "5:1"], problems.Items.Select(problem => $"{problem.Line}:{problem.Column}"));
    }

    [Fact]
    public void Members_are_read_with_their_values()
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read(
            "size: 7\nflag: true\nname: n\nshare: 0.25\nkind: b\nlist: [x, y]\nmaps: [{a: 1}, {a: 2}]\nmap: {deep: z}\n"u8, problems)!;
        Assert.Equal((7L, true, "n"), (map.Integer("size", 1, 10), map.Flag("flag", absent: false), map.Text("name")));
        Assert.Equal((0.25M, null), (map.OptionalDecimal("share", 0, 1), map.OptionalDecimal("other", 0, 1)));
        Assert.Equal(2, map.Word("kind", new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 }, absent: 0));
        Assert.Equal(["x", "y"], map.Texts("list").Select(text => text.Value));
        Assert.Equal([1, 2], map.Maps("maps").Select(each => each.Integer("a", 0, 9)));
        Assert.Equal("z", map.Map("map")!.Text("deep"));
        map.End();
        Assert.False(problems.Any);
    }

    [Theory]
    [InlineData("size: 11\n", "1:7: 'size' must be a whole number from 1 to 10, not '11'")]
    [InlineData("size: 1.5\n", "1:7: 'size' must be a whole number from 1 to 10, not '1.5'")]
    [InlineData("a: 1\nsize: \n", "2:6: 'size' must be a whole number from 1 to 10, not ''")]
    [InlineData("{a: 1}\n", "1:1: 'size' is missing")]
    public void A_number_outside_its_bounds_is_reported(string text, string problem)
    {
        var problems = new DocumentProblems();
        Assert.Equal(1, YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems)!.Integer("size", 1, 10));
        Assert.Equal(problem, problems.Items.Single().ToString());
    }

    [Fact]
    public void Problems_are_sorted_by_position_and_limited()
    {
        var problems = new DocumentProblems();
        for (var i = 0; i < 1000; i++)
        {
            problems.Add(1000 - i, 2, "two");
            problems.Add(1000 - i, 1, "one");
        }
        Assert.Equal(100, problems.Items.Count);
        Assert.Equal(["951:1: one", "951:2: two", "952:1: one"], problems.Items.Take(3).Select(problem => problem.ToString()));
    }

    [Fact]
    public void Problems_become_one_refusal_with_a_line_for_each()
    {
        var problems = new DocumentProblems();
        Assert.Throws<InvalidOperationException>(() => problems.ToRefusal("the session has mistakes"));
        var map = YamlDocument.Read("b: 1\n a: 1\nc: 2\n"u8, problems);
        Assert.Null(map);
        problems.Add(7, 3, "another");
        var refusal = problems.ToRefusal("the session has mistakes", "s.yaml");
        Assert.Equal(("bad-document", "the session has mistakes"), (refusal.Code, refusal.Detail));
        Assert.Equal(new RefusalLocation("s.yaml", problems.Items[0].Line, problems.Items[0].Column), refusal.Location);
        Assert.Equal(2, refusal.Problems.Count);
        Assert.Equal("s.yaml:7:3: another", refusal.Problems[1]);
        Assert.Equal("7:3: another", problems.ToRefusal("x").Problems[1]);
    }

    private static string Problem(byte[] bytes)
    {
        var problems = new DocumentProblems();
        Assert.Null(YamlDocument.Read(bytes, problems));
        return problems.Items[0].ToString();
    }
}

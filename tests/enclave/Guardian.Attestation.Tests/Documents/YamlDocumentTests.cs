using System.Text;
using Guardian.Documents;

namespace Guardian.Attestation.Tests.Documents;

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
    public void What_is_not_strict_yaml_is_refused_where_it_stands(string text, string place)
    {
        var problems = new DocumentProblems();
        YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems);
        Assert.Contains(place, problems.Items.Single().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_too_much_of_it_and_depth_without_end_are_refused()
    {
        Assert.Contains("not UTF-8", Problem([.. "a: 1\nb: "u8, 0xFF]), StringComparison.Ordinal);
        Assert.StartsWith("2:", Problem([.. "a: 1\nb: "u8, 0xFF]), StringComparison.Ordinal);
        Assert.Contains("bytes", Problem(new byte[10_000_000]), StringComparison.Ordinal);
        Assert.NotEmpty(Problem(Encoding.UTF8.GetBytes("a: " + new string('[', 10_000))));
        Assert.NotEmpty(Problem(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{a: ", 10_000)))));
    }

    [Fact]
    public void Members_that_nobody_reads_and_values_of_the_wrong_kind_are_reported()
    {
        var problems = new DocumentProblems();
        var map = YamlDocument.Read("size: many\nflag: yes\nname: {a: b}\nlist: text\nextra: 1\n"u8, problems)!;
        map.Integer("size", 1, 10);
        map.Flag("flag", absent: false);
        map.Text("name");
        map.Texts("list");
        map.End();
        Assert.Equal(["1:7", "2:7", "3:7", "4:7", "5:1"], problems.Items.Select(problem => string.Join(':', problem.ToString().Split(':').Take(2))));
    }

    private static string Problem(byte[] bytes)
    {
        var problems = new DocumentProblems();
        Assert.Null(YamlDocument.Read(bytes, problems));
        return problems.Items[0].ToString();
    }
}

using System.Reflection;
using System.Text;
using Guardian.Refusals;

namespace Guardian.House.Tests;

/// <summary>docs/reference/reasons.md lists every reason for which a part of Guardian refuses; it is generated from the code.</summary>
public class ReasonsPageTests
{
    // UPDATE_GOLDEN=1 ./test writes the page.
    private static readonly bool IsUpdate = Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1";

    private static string Page => Repository.File("docs", "reference", "reasons.md");

    [Fact]
    public void The_page_lists_every_reason()
    {
        var generated = Generate();
        if (IsUpdate)
        {
            File.WriteAllText(Page, generated);
        }
        Assert.Equal(generated, File.ReadAllText(Page));
    }

    [Fact]
    public void A_code_is_lower_case_with_hyphens_and_stands_once_in_its_library() => Assert.All(Lists(), list =>
    {
        var codes = Reasons(list).Select(reason => reason.Code).ToList();
        Assert.Equal(codes.Distinct(), codes);
        Assert.All(codes, code => Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", code));
    });

    [Fact]
    public void A_meaning_is_a_sentence_and_a_remedy_is_a_phrase() => Assert.All(Lists().SelectMany(Reasons), reason =>
    {
        Assert.Matches(@"^[A-Z].*\.$", reason.Meaning);
        Assert.DoesNotMatch(@"\.$", reason.Remedy ?? "");
    });

    private static string Generate()
    {
        var page = new StringBuilder("""
            # Reasons of refusals

            This page tells you what a reason in an error or in `--json` means, and the step that fixes it.
            It is generated from the code: `UPDATE_GOLDEN=1 ./test quick` writes it anew.

            The kind tells a program what to do.

            | kind | HTTP status | exit code | what to do |
            | --- | --- | --- | --- |
            | `Invalid` | 400 | 2 | fix the input |
            | `Unverified` | 403 | 1 | do not trust the peer or the file |
            | `Forbidden` | 403 | 1 | ask the owner for the right |
            | `NotFound` | 404 | 1 | check the name |
            | `Conflict` | 409 | 1 | read the current state first |
            | `Withheld` | 422 | 1 | ask about a larger group |
            | `Damaged` | 500 | 3 | restore what was changed |
            | `Unavailable` | 503 | 3 | try again later |

            """);
        foreach (var list in Lists())
        {
            page.Append('\n').Append("## ").Append(list.Name[..^"Reasons".Length])
                .Append("\n\n| reason | kind | meaning | remedy |\n| --- | --- | --- | --- |\n");
            foreach (var reason in Reasons(list).OrderBy(reason => reason.Code, StringComparer.Ordinal))
            {
                page.Append($"| `{reason.Code}` | {reason.Kind} | {Cell(reason.Meaning)} | {Cell(reason.Remedy ?? "")} |\n");
            }
        }
        return page.ToString().ReplaceLineEndings("\n");
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static List<Type> Lists() =>
    [
        .. SourceProjects.All.SelectMany(project => project.Assembly.GetTypes())
            .Where(type => type.IsAbstract && type.IsSealed && type.Name.EndsWith("Reasons", StringComparison.Ordinal))
            .OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    private static IEnumerable<RefusalReason> Reasons(Type list)
    {
        const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        return list.GetFields(Static).Where(field => field.FieldType == typeof(RefusalReason) && !field.Name.StartsWith('<'))
            .Select(field => (RefusalReason)field.GetValue(null)!)
            .Concat(list.GetProperties(Static).Where(property => property.PropertyType == typeof(RefusalReason))
                .Select(property => (RefusalReason)property.GetValue(null)!));
    }
}

using System.Text;

namespace Guardian.Cli.Entry;

/// <summary>Writes completion scripts. Each has all words in it, so that completing starts no program.</summary>
internal static class CompletionScripts
{
    /// <summary>Writes the script for bash. Where no word fits, bash completes the names of files.</summary>
    public static string WriteBash(IReadOnlyList<CompletionWords> all) => $$"""
        # Completes guardian in bash: source <(guardian completion bash)
        _guardian() {
          local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path= words= word
          for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
            case "$path $word" in
              {{JoinPaths(all, "|", each => $"\"{each}\"")}}) path="$path $word" ;;
            esac
          done
          case "$path $previous" in
        {{string.Concat(OptionValues(all).Select(each => $"    \"{each.Key}\") words=\"{each.Values}\" ;;\n"))}}    *)
              case "$path" in
        {{string.Concat(all.Select(each => $"        \"{each.Path}\") words=\"{Names(each)}\" ;;\n"))}}      esac ;;
          esac
          mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        }
        complete -o default -F _guardian guardian
        """;

    /// <summary>Writes the script for zsh.</summary>
    public static string WriteZsh(IReadOnlyList<CompletionWords> all) => $$"""
        #compdef guardian
        # Completes guardian in zsh: source <(guardian completion zsh)
        _guardian() {
          local path= word
          local -a choices
          for word in "${words[@]:1:$((CURRENT-2))}"; do
            case "$path $word" in
              {{JoinPaths(all, "|", each => $"\"{each}\"")}}) path="$path $word" ;;
            esac
          done
          case "$path ${words[CURRENT-1]}" in
        {{string.Concat(OptionValues(all).Select(each => $"    \"{each.Key}\") compadd -- {each.Values}; return ;;\n"))}}  esac
          case "$path" in
        {{string.Concat(all.Select(each => $"    \"{each.Path}\") choices=({ListZsh(each)}) ;;\n"))}}  esac
          _describe guardian choices || _files
        }
        compdef _guardian guardian
        """;

    /// <summary>Writes the script for fish.</summary>
    public static string WriteFish(IReadOnlyList<CompletionWords> all)
    {
        var script = new StringBuilder();
        script.AppendLine($$"""
            # Completes guardian in fish: guardian completion fish | source
            function __guardian_path
              set -l path ""
              for word in (commandline -opc)[2..]
                switch "$path $word"
                  case {{JoinPaths(all, " ", each => $"\"{each}\"")}}
                    set path "$path $word"
                end
              end
              echo $path
            end
            """);
        foreach (var each in all)
        {
            var condition = $"test (__guardian_path | string collect; or echo) = \"{each.Path}\"";
            foreach (var (name, description) in each.Commands)
            {
                script.AppendLine($"complete -c guardian -n '{condition}' -f -a {name} -d {QuoteFish(description)}");
            }
            foreach (var (name, description) in each.Options)
            {
                var values = each.OptionValues.FirstOrDefault(option => option.Option == name).Values;
                script.AppendLine(
                    $"complete -c guardian -n '{condition}' -l {name.TrimStart('-')} -d {QuoteFish(description)}"
                    + (values is null ? "" : $" -x -a \"{string.Join(' ', values)}\""));
            }
            if (each.Values.Count > 0)
            {
                script.AppendLine($"complete -c guardian -n '{condition}' -f -a \"{string.Join(' ', each.Values)}\"");
            }
        }
        return script.ToString().TrimEnd();
    }

    private static string JoinPaths(IReadOnlyList<CompletionWords> all, string separator, Func<string, string> quote) =>
        string.Join(separator, all.Where(each => each.Path.Length > 0).Select(each => quote(each.Path)));

    private static IEnumerable<(string Key, string Values)> OptionValues(IReadOnlyList<CompletionWords> all) =>
        all.SelectMany(each => each.OptionValues.Select(option => ($"{each.Path} {option.Option}", string.Join(' ', option.Values))));

    private static string Names(CompletionWords words) =>
        string.Join(' ', words.Commands.Select(each => each.Name).Concat(words.Values).Concat(words.Options.Select(each => each.Name)));

    private static IEnumerable<(string Name, string Description)> Described(CompletionWords words) =>
        words.Commands.Concat(words.Values.Select(value => (value, value))).Concat(words.Options);

    private static string ListZsh(CompletionWords each) => string.Concat(Described(each).Select(word => $"\n      {QuoteZsh(word)}"));

    private static string QuoteZsh((string Name, string Description) word) =>
        $"'{word.Name.Replace(":", "\\:", StringComparison.Ordinal)}:{word.Description.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string QuoteFish(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}

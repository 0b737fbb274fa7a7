using System.Collections.Frozen;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>The verification schemes by name.</summary>
internal sealed class VerificationSchemes
{
    private readonly FrozenDictionary<string, IVerificationScheme> byName;

    /// <exception cref="InvalidOperationException">Two schemes have one name.</exception>
    public VerificationSchemes(IEnumerable<IVerificationScheme> schemes)
    {
        var named = new Dictionary<string, IVerificationScheme>(StringComparer.Ordinal);
        foreach (var scheme in schemes)
        {
            if (named.TryAdd(scheme.Name, scheme)) continue;
            throw new InvalidOperationException(
                $"Both {named[scheme.Name].GetType().Name} and {scheme.GetType().Name} are the verification scheme \"{scheme.Name}\".");
        }

        byName = named.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public static VerificationSchemes BuiltIn { get; } = new([new GitHubScheme(), new StandardWebhooksScheme(), new HmacScheme()]);

    /// <summary>For messages, in alphabetical order.</summary>
    public string Names => string.Join(", ", byName.Keys.Order(StringComparer.Ordinal));

    public bool TryGet(string name, out IVerificationScheme scheme) => byName.TryGetValue(name, out scheme!);
}

using System.Collections.Frozen;
using Automation.Server.Triggers.Webhooks.Verification.Schemes;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>The verification schemes by name.</summary>
internal sealed class VerificationSchemes
{
    private readonly FrozenDictionary<string, VerificationScheme> byName;

    /// <exception cref="InvalidOperationException">Two schemes have one name.</exception>
    public VerificationSchemes(IEnumerable<VerificationScheme> schemes)
    {
        var named = new Dictionary<string, VerificationScheme>(StringComparer.Ordinal);
        foreach (var scheme in schemes)
        {
            if (named.TryAdd(scheme.Name, scheme)) continue;
            throw new InvalidOperationException(
                $"Both {named[scheme.Name].GetType().Name} and {scheme.GetType().Name} are the verification scheme \"{scheme.Name}\".");
        }

        byName = named.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public static VerificationSchemes BuiltIn { get; } = new(
    [
        new ApiKeyScheme(), new BasicScheme(), new BearerScheme(), new ConvoyScheme(), new DiscordScheme(), new GitHubScheme(), new GitLabScheme(), new HmacScheme(), new HubSpotScheme(),
        new JwtScheme(), new MetaScheme(), new MicrosoftGraphScheme(), new MutualTlsScheme(), new NoneScheme(), new SalesforceSoapScheme(), new ShopifyScheme(), new SlackScheme(),
        new StandardWebhooksScheme(), new StripeScheme(), new TwilioScheme(), new WooCommerceScheme(), new XScheme(), new ZohoPaymentsScheme(), new ZoomScheme(),
    ]);

    /// <summary>For messages, in alphabetical order.</summary>
    public string Names => string.Join(", ", byName.Keys.Order(StringComparer.Ordinal));

    public IEnumerable<VerificationScheme> All => byName.Values;

    public bool TryGet(string name, out VerificationScheme scheme) => byName.TryGetValue(name, out scheme!);
}

using System.Security.Cryptography;
using Automation.Server.Deliveries.Mail;
using Automation.Server.Hosting;
using Automation.Server.Secrets;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Automation.Server.Deliveries;

/// <summary>Outbound deliveries: what is registered, and from which settings.</summary>
internal static class DeliveriesFeature
{
    /// <summary>Reads the sections <c>Deliveries</c> and <c>Outbound</c>; wrong values stop the start, all named at once.</summary>
    public static IServiceCollection AddDeliveries(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DeliveryOptions>().Bind(configuration.GetSection(DeliveryOptions.Section), Strict).ValidateOnStart();
        services.AddOptions<OutboundOptions>().Bind(configuration.GetSection(OutboundOptions.Section), Strict).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DeliveryOptions>>(new OptionsCheck<DeliveryOptions>(o => o.Problems()));
        services.AddSingleton<IValidateOptions<OutboundOptions>>(new OptionsCheck<OutboundOptions>(o => o.Problems()));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s => s.GetRequiredService<IOptions<DeliveryOptions>>().Value);
        services.AddSingleton(s => new OutboundHttp(
            s.GetRequiredService<IOptions<OutboundOptions>>().Value,
            s.GetRequiredService<TimeProvider>(),
            secret: name => s.GetRequiredService<SecretStore>().TryGet(name, out var value) ? value : null));
        services.AddSingleton(s => new OutboundTcp(s.GetRequiredService<IOptions<OutboundOptions>>().Value, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new RetrySchedule(s.GetRequiredService<DeliveryOptions>(), new Random(RandomNumberGenerator.GetInt32(int.MaxValue))));
        services.AddSingleton<MailSender>();
        services.AddSingleton<DeliverySender>();
        services.AddSingleton<DeliveryLanes>();
        services.AddSingleton<DeliveryWorker>();
        services.AddHostedService(s => s.GetRequiredService<DeliveryWorker>());
        return services;
    }

    /// <summary>A misspelt setting is an error, not a default.</summary>
    private static void Strict(BinderOptions options) => options.ErrorOnUnknownConfiguration = true;
}

// Generated from openapi.json by scripts/generate.mjs: run `npm run generate`.
//
// Every object of the API. Optional fields may be left out or null, as each says.

import type { PepayEvent } from "../event.js";
export type { PepayEvent } from "../event.js";

/** Which tokens a merchant takes. */
export type AcceptancePolicy = "accept_all" | "accept_none" | "selective";

/** What an account is for. Codes are stored, so variants are only ever appended. */
export type AccountKind = "clearing" | "merchant" | "suspense" | "user" | "rail" | "exchange" | "fees" | "network_fees" | "gas_tank" | "commerce_escrow";

/** `ActivateMainnet` of the API. */
export interface ActivateMainnet {
  /** From the operator of this deployment. */
  access_key: string;
}

/** Whether only what is on the list is paid. */
export interface AllowList {
  required: boolean;
  /** Somebody no longer requires it, which counts from then on. */
  required_until?: number | null;
}

/** What somebody chooses. */
export type AllowListChoice = "off" | "required";

/** An address that refunds and named receivers may be paid to. */
export interface AllowedDestination {
  object: string;
  environment: Environment;
  network: Network;
  address: string;
  /** `pending` until `allowed_from`, then `active`. */
  status: string;
  allowed_from: number;
  created_at: number;
}

/** `AllowedDestinationAsk` of the API. */
export interface AllowedDestinationAsk {
  network: Network;
  address: string;
  /** The account's current one if absent. */
  environment?: Environment | null;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** `AllowedDestinationList` of the API. */
export interface AllowedDestinationList {
  /** Always `list`. */
  object: string;
  data: AllowedDestination[];
  /** Always false: there are at most 200. */
  has_more: boolean;
  /** Whether money goes nowhere else. */
  allow_list: AllowList;
}

/** `Answer` of the API. */
export interface Answer {
  question_id: string;
  /** At most 1000 bytes. */
  response: string;
}

/** `ApiKeyId` of the API. */
export type ApiKeyId = string;

/** A page of keys, newest first. */
export interface ApiKeyList {
  /** Always `list`. */
  object: string;
  data: ApiKeyView[];
  has_more: boolean;
}

/** An API key without its text, which is shown once when it is made. */
export interface ApiKeyView {
  /** Always `api_key`. */
  object: string;
  id: ApiKeyId;
  /** The same as `id`, by its older name. */
  key_id: ApiKeyId;
  name: string;
  scope: KeyScope;
  environment: Environment;
  /** The last four characters of the key. */
  last4: string;
  restrictions: Restrictions;
  /** Epoch seconds. */
  created_at: number;
  /** Epoch seconds; null if it does not expire. */
  expires_at?: number | null;
  /** Epoch seconds, to the minute; null if it was never used. */
  last_used_at?: number | null;
  /** Epoch seconds; null while it was not revoked. */
  revoked_at?: number | null;
}

/** One attempt to deliver. */
export interface AttemptView {
  /** Always `webhook_attempt`. */
  object: string;
  /** The first is 1. */
  number: number;
  /** Epoch seconds. */
  started_at: number;
  duration_ms: number;
  /** The HTTP status that was answered; null if no answer came. */
  response_status?: number | null;
  /** The first 16 KiB of the answer; null if none came. */
  response_body?: string | null;
  /** Why no answer came; null if one did. */
  error?: string | null;
}

/** One privileged act, as the API shows it. */
export interface AuditEntryView {
  /** Always `audit_entry`. */
  object: string;
  id: AuditId;
  /** `operator`, `member` or `api_key`. */
  actor_kind: string;
  /** Which member or key; null for the operator. */
  actor_id?: string | null;
  /** What was done, for example `api_key.revoked`. */
  action: string;
  /** What it was done to. */
  target: string;
  request_id?: string | null;
  ip?: string | null;
  /** Epoch seconds. */
  created_at: number;
}

/** `AuditId` of the API. */
export type AuditId = string;

/** A page of the audit log, newest first. */
export interface AuditLog {
  /** Always `list`. */
  object: string;
  data: AuditEntryView[];
  has_more: boolean;
}

/** `Availability` of the API. */
export type Availability = "DEVNET" | "AVAILABLE" | "STALE" | "NO_LIQUIDITY" | "QUOTE_REQUIRED";

/** A token that may be selected. */
export interface AvailableSettlementToken {
  id: TokenId;
  token_symbol: string;
  token_name: string;
  network: Network;
  token_address?: string | null;
  token_decimals: number;
  photo_uri?: string | null;
  /** What the system selects by itself. */
  is_default_settlement: boolean;
}

/** A token an invoice can be paid with. */
export interface AvailableToken {
  /** What `payment-addresses` takes as `tokenId`. */
  id: TokenId;
  token_symbol: string;
  token_name: string;
  token_type: TokenType;
  network: Network;
  token_decimals: number;
  /** The token's contract; null for the native coin. */
  token_address?: string | null;
  requires_memo: boolean;
  photo_uri?: string | null;
  is_monitored: boolean;
  has_settlement_route: boolean;
  supports_stable_settlement: boolean;
  /** USD per whole token as a decimal string; null on devnet. */
  settlement_rate?: string | null;
  settlement_cost_usd?: UsdNumber | null;
  /** The merchant is paid out in this very token; null on devnet. */
  is_same_token_settlement?: boolean | null;
  tier?: string | null;
  tier_fee?: UsdNumber | null;
  availability_status: Availability;
  /** Epoch seconds; null on devnet. */
  rate_updated_at?: number | null;
  unavailable_reason?: string | null;
}

/** One account's balance. */
export interface Balance {
  object: string;
  environment: Environment;
  /** What the account is for. */
  account: AccountKind;
  /** The ramp user it is of; null for the merchant's own. */
  user_id?: string | null;
  /** Null for bank money. */
  network?: Network | null;
  token_id?: TokenId | null;
  /** The token's symbol, or the currency's three letters. */
  symbol?: string | null;
  /** All there is, in whole units. */
  balance: string;
  /** Promised to settlements, refunds and payouts under way; part of the balance. */
  reserved: string;
  /** What may still be used. */
  available: string;
  /** The balance in the smallest unit. */
  balance_base: string;
  available_base: string;
}

/** `BalanceList` of the API. */
export interface BalanceList {
  object: string;
  data: Balance[];
  has_more: boolean;
}

/** One posting of the ledger: the same amount out of one account and into another. */
export interface BalanceTransaction {
  object: string;
  id: TransferId;
  environment: Environment;
  /** Why it was made. */
  type: TransferReason;
  /** `reserved` and `released` promise money and take that back; the others move it. */
  phase: Phase;
  network?: Network | null;
  token_id?: TokenId | null;
  symbol?: string | null;
  /** In whole units. */
  amount: string;
  amount_base: string;
  /** Where it came from. */
  debit: Posting;
  /** Where it went. */
  credit: Posting;
  /** The id of the payment, refund, deposit or payout it belongs to, or the settlement's number. */
  source: string;
  /** Its place in the ledger. */
  position: number;
  created_at: number;
}

/** `BalanceTransactionList` of the API. */
export interface BalanceTransactionList {
  object: string;
  data: BalanceTransaction[];
  has_more: boolean;
}

/** Where payouts of a user go. */
export interface BankAccount {
  /** Always `bank_account`. */
  object: string;
  id: BankAccountId;
  user_id: RampUserId;
  environment: Environment;
  status: BankAccountStatus;
  country: Country;
  currency: Currency;
  method: PayoutMethod;
  holder_name: string;
  /** The last characters of the number; the rest is never answered again. */
  last4: string;
  created_at: number;
  updated_at: number;
}

/** `BankAccountId` of the API. */
export type BankAccountId = string;

/** `BankAccountList` of the API. */
export interface BankAccountList {
  /** Always `list`. */
  object: string;
  data: BankAccount[];
  has_more: boolean;
}

/** `BankAccountStatus` of the API. */
export type BankAccountStatus = "active" | "in_review" | "blocked" | "deleted";

/** `BlockToken` of the API. */
export interface BlockToken {
  blocked: boolean;
}

/** `BlocksRequest` of the API. */
export interface BlocksRequest {
  /** 1 to 1000. */
  count: number;
}

/** `Cancellation` of the API. */
export type Cancellation = "none" | "requested" | "accepted" | "rejected";

/** `CartItemId` of the API. */
export type CartItemId = string;

/** A message for the wallet to sign. */
export interface Challenge {
  challengeId: ChallengeId;
  /** Sign exactly this text. */
  message: string;
  /** Epoch seconds. */
  expiresAt: number;
}

/** `ChallengeId` of the API. */
export type ChallengeId = string;

/** `ChallengeRequest` of the API. */
export interface ChallengeRequest {
  walletAddress: string;
  walletType: WalletType;
}

/** `ChangeMember` of the API. */
export interface ChangeMember {
  role: Role;
}

/** `ChangePassword` of the API. */
export interface ChangePassword {
  current_password: string;
  /** The new password, 10 to 256 bytes. */
  password: string;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** `ChooseEnvironment` of the API. */
export interface ChooseEnvironment {
  environment: Environment;
}

/** Where requests act that name no environment. */
export interface ChosenEnvironment {
  /** Always true. */
  success: boolean;
  current_environment: Environment;
}

/** `CommerceAddress` of the API. */
export interface CommerceAddress {
  addressId: ShippingAddressId;
  customerId?: string | null;
  walletAddress?: string | null;
  walletNetwork?: Network | null;
  firstName: string;
  lastName: string;
  addressLine1: string;
  addressLine2?: string | null;
  city: string;
  state?: string | null;
  zipCode: string;
  country: string;
  phoneNumber?: string | null;
  email?: string | null;
  /** Whether it follows the rules of its country's post; else only its form was looked at. */
  isValidated: boolean;
  /** Epoch seconds. */
  validatedAt?: number | null;
  createdAt: number;
}

/** `CommerceAddressPage` of the API. */
export interface CommerceAddressPage {
  /** Newest first. */
  addresses: CommerceAddress[];
  pagination: CommerceOffsetPage;
}

/** `CommerceAddressRemoved` of the API. */
export interface CommerceAddressRemoved {
  addressId: ShippingAddressId;
}

/** An address as a form sends it. */
export interface CommerceAddressRequest {
  first_name: string;
  last_name: string;
  street_address: string;
  address_line2?: string | null;
  city: string;
  /** By letters or by name; required in the US and in Canada. */
  state?: string | null;
  /** Required where the country has postcodes. */
  zip_code?: string | null;
  /** Two letters of ISO 3166-1. */
  country: string;
  phone?: string | null;
  email?: string | null;
}

/** `CommerceBulkStatus` of the API. */
export interface CommerceBulkStatus {
  orderId: OrderId;
  /** Null if there is no such order. */
  status?: string | null;
  error?: string | null;
}

/** `CommerceBulkStatusRequest` of the API. */
export interface CommerceBulkStatusRequest {
  /** 1 to 50. */
  orderIds: OrderId[];
}

/** `CommerceCanceledOrder` of the API. */
export interface CommerceCanceledOrder {
  orderId: OrderId;
  status: OrderStatus;
  substatus?: Substatus | null;
  customerId?: string | null;
  /** What goes back, where to, and how far that is. */
  refundQuote: CommerceOrderRefund;
}

/** A shopper's cart, at the prices its items were put in with. */
export interface CommerceCart {
  merchantId: MerchantId;
  networkEnvironment: Environment;
  customerId?: string | null;
  walletAddress?: string | null;
  walletNetwork?: Network | null;
  items: CommerceCartItem[];
  subtotal: UsdNumber;
  /** How many different things. */
  itemCount: number;
  /** How many pieces of all of them. */
  totalQuantity: number;
  /** Epoch seconds; null before anything was put in. */
  createdAt?: number | null;
  updatedAt?: number | null;
}

/** `CommerceCartCleared` of the API. */
export interface CommerceCartCleared {
  itemsRemoved: number;
}

/** `CommerceCartItem` of the API. */
export interface CommerceCartItem {
  itemId: CartItemId;
  productId: string;
  retailer: Retailer;
  title: string;
  /** Of one piece, when it was put in. */
  price: UsdNumber;
  quantity: number;
  subtotal: UsdNumber;
  imageUrl?: string | null;
  productUrl?: string | null;
  numReviews?: number | null;
  /** 0 to 5. */
  rating?: UsdNumber | null;
  /** Epoch seconds. */
  addedAt: number;
  updatedAt: number;
}

/** `CommerceCartItemAdded` of the API. */
export interface CommerceCartItemAdded {
  itemId: CartItemId;
  /** How many of it are in the cart now. */
  quantity: number;
  /** It was in the cart already, and there are more of it now. */
  updated: boolean;
}

/** `CommerceCartItemRemoved` of the API. */
export interface CommerceCartItemRemoved {
  itemId: CartItemId;
  title: string;
}

/** An item as it is put into a cart. */
export interface CommerceCartItemRequest {
  productId: string;
  retailer: Retailer;
  title: string;
  /** In USD, at most three decimals; kept in whole cents. */
  price: number;
  quantity?: number | null;
  /** Https only. */
  imageUrl?: string | null;
  /** Https only. */
  productUrl?: string | null;
  numReviews?: number | null;
  rating?: number | null;
}

/** `CommerceCartItemUpdated` of the API. */
export interface CommerceCartItemUpdated {
  itemId: CartItemId;
  quantity: number;
  /** Epoch seconds. */
  updatedAt: number;
}

/** `CommerceCartRequest` of the API. */
export interface CommerceCartRequest {
  /** Put in at once. */
  item?: CommerceCartItemRequest | null;
}

/** What a cart comes to with all that is added. */
export interface CommerceCartTotals {
  /** At the prices the cart has. */
  subtotal: UsdNumber;
  shipping: UsdNumber;
  /** Of the ZIP code's state; zero without one. */
  tax: UsdNumber;
  fees: CommerceFees;
  total: UsdNumber;
  itemCount: number;
  zipCode?: string | null;
}

/** `CommerceCartUpdateRequest` of the API. */
export interface CommerceCartUpdateRequest {
  /** Zero takes it out. */
  quantity: number;
}

/** A cart beside what its items cost now. */
export interface CommerceCartValidation {
  /** Always true: the cart was looked at. */
  success: boolean;
  /** Everything can be had, at the prices the cart has. */
  valid: boolean;
  items: CommerceCartValidationItem[];
  summary: CommerceCartValidationSummary;
}

/** `CommerceCartValidationItem` of the API. */
export interface CommerceCartValidationItem {
  itemId: CartItemId;
  /** Its offers have as many as the cart, and come in time. */
  available: boolean;
  /** Of one piece; null if nobody offers it. */
  currentPrice?: UsdNumber | null;
  savedPrice: UsdNumber;
  priceChanged: boolean;
  /** Why it is not available. */
  error?: string | null;
}

/** `CommerceCartValidationSummary` of the API. */
export interface CommerceCartValidationSummary {
  itemCount: number;
  availableCount: number;
  unavailableCount: number;
  priceChangedCount: number;
  /** At the prices the cart has. */
  savedSubtotal: UsdNumber;
  /** What is available, at the prices it has now. */
  currentSubtotal: UsdNumber;
}

/** `CommerceCheckoutAddress` of the API. */
export interface CommerceCheckoutAddress {
  estimateId: EstimateId;
  addressId: ShippingAddressId;
  /** Whether it follows the rules of its country's post; else only its form was looked at. */
  validated: boolean;
  /** As the country's post writes it. */
  standardized: PostalAddress;
  shippingOptions: CommerceShippingOption[];
  /** The one that the pricing is made with. */
  shippingOptionId?: string | null;
  /** With the tax and shipping of this address. */
  pricing: CommercePricing;
  feeBreakdown: CommerceFeeBreakdown;
  /** Epoch seconds; an address does not make an estimate live longer. */
  expiresAt: number;
}

/** An address for an estimate: a new one, or one of the customer's list. */
export interface CommerceCheckoutAddressRequest {
  estimateId: EstimateId;
  /** Needed unless `addressId` is given. */
  address?: CommerceAddressRequest | null;
  /** One of `GET /api/v1/commerce/merchant/addresses`, instead of `address`. */
  addressId?: ShippingAddressId | null;
  /** One of `shippingOptions`; the first of them if left out. */
  shippingOptionId?: string | null;
}

/** Where to go on. */
export interface CommerceCheckoutEndpoints {
  checkOrder: string;
  checkPayment: string;
  cancelOrder: string;
}

/** Who buys: `customer_id`, or `wallet_address` with `wallet_network`. */
export interface CommerceCustomerIdentifier {
  /** The merchant's own number of the customer, at most 255 characters. */
  customer_id?: string | null;
  wallet_address?: string | null;
  /** One of the ten networks. */
  wallet_network?: string | null;
}

/** `CommerceEstimate` of the API. */
export interface CommerceEstimate {
  estimateId: EstimateId;
  merchantId: MerchantId;
  networkEnvironment: Environment;
  customerId?: string | null;
  walletAddress?: string | null;
  walletNetwork?: Network | null;
  /** What an order would hold, at prices that are held until `expiresAt`. */
  validItems: CommerceEstimateItem[];
  invalidItems: InvalidLine[];
  /** Tax is known once there is an address. */
  pricing: CommercePricing;
  feeBreakdown: CommerceFeeBreakdown;
  /** Epoch seconds. */
  expiresAt: number;
  createdAt: number;
}

/** `CommerceEstimateItem` of the API. */
export interface CommerceEstimateItem {
  productId: string;
  retailer: Retailer;
  title: string;
  quantity: number;
  /** Of one piece, as its best offer has it now. */
  price: UsdNumber;
  totalPrice: UsdNumber;
  metadata: CommerceEstimateItemMetadata;
}

/** `CommerceEstimateItemMetadata` of the API. */
export interface CommerceEstimateItemMetadata {
  image?: string | null;
  sellerName: string;
}

/** `CommerceEstimateItemRequest` of the API. */
export interface CommerceEstimateItemRequest {
  productId: string;
  retailer: Retailer;
  quantity: number;
  /** The catalog's own counts. */
  title?: string | null;
  /** The offer's own counts. */
  price?: number | null;
}

/** Names a line of the cart by its product or by its item id. */
export interface CommerceEstimateOverride {
  itemId?: CartItemId | null;
  productId?: string | null;
  retailer?: Retailer | null;
  /** Zero leaves it out of this attempt. */
  quantity: number;
}

/** `items`, or `useCart` with or without exceptions. */
export interface CommerceEstimateRequest {
  /** Not together with `useCart`. */
  items?: CommerceEstimateItemRequest[] | null;
  /** What lies in the saved cart, which is only read. */
  useCart?: boolean | null;
  /** Exceptions for this attempt, with `useCart` only. */
  itemOverrides?: CommerceEstimateOverride[] | null;
}

/** `CommerceFailOrder` of the API. */
export interface CommerceFailOrder {
  /** For the timeline, which the shopper may see. */
  reason?: string | null;
}

/** `CommerceFeatures` of the API. */
export interface CommerceFeatures {
  search: boolean;
  cart: boolean;
  checkout: boolean;
  orders: boolean;
}

/** `CommerceFeeBreakdown` of the API. */
export interface CommerceFeeBreakdown {
  shippingBase: UsdNumber;
  commerceFee: UsdNumber;
  /** Both together. */
  totalFees: UsdNumber;
}

/** `CommerceFeeRates` of the API. */
export interface CommerceFeeRates {
  fixed: UsdNumber;
  /** Of the subtotal, in hundredths of a percent. */
  bps: number;
}

/** `CommerceFeeRatesRequest` of the API. */
export interface CommerceFeeRatesRequest {
  fixed?: number | null;
  /** Of the subtotal, in hundredths of a percent. */
  bps?: number | null;
}

/** `CommerceFeeStructure` of the API. */
export interface CommerceFeeStructure {
  /** Of each order, in USD. */
  fixed: UsdNumber;
  /** Of the subtotal, in basis points. */
  percentageBps: number;
}

/** The fees of one purchase. */
export interface CommerceFees {
  fixed: UsdNumber;
  /** In percent of the subtotal. */
  percentage: UsdNumber;
  /** What the percentage comes to. */
  percentageAmount: UsdNumber;
  total: UsdNumber;
}

/** `CommerceFulfillOrder` of the API. */
export interface CommerceFulfillOrder {
  tracking?: CommerceTracking | null;
}

/** `CommerceInfo` of the API. */
export interface CommerceInfo {
  merchantId: MerchantId;
  networkEnvironment: Environment;
  /** Those whose products can be had here. */
  retailers: Retailer[];
  features: CommerceFeatures;
  limits: CommerceLimits;
  fees: CommerceFeeStructure;
}

/** `CommerceInvoiceStatus` of the API. */
export interface CommerceInvoiceStatus {
  invoiceId: InvoiceId;
  orderId: OrderId;
  payment: CommercePaymentState;
  order: CommerceOrderBrief;
}

/** `CommerceLimits` of the API. */
export interface CommerceLimits {
  quantityMax: number;
  cartItemsMax: number;
  /** Offers that take longer are not sold. */
  deliveryDaysMax: number;
  estimateSeconds: number;
  invoiceSeconds: number;
}

/**
 * Step 3 request. Creates the final invoice + commerce order from an existing estimate + address.
 *
 * For the schema: it is read in three parts, so that a wrong type names its field.
 */
export type CommerceMerchantCheckoutInvoiceRequest = {
  /** The merchant's own number of the customer, at most 255 characters. */
  customer_id?: string | null;
  wallet_address?: string | null;
  /** One of the ten networks. */
  wallet_network?: string | null;
} & {
  /** Optional BSC destination address for refunds (0x…). */
  refundDestinationWalletAddressBsc?: string | null;
  /** The same on any network; only what was paid there can go back there. */
  refundDestination?: CommerceRefundDestination | null;
} & {
  estimateId: EstimateId;
  /** The one that step 2 answered for this estimate. */
  addressId: ShippingAddressId;
  /** Deprecated/ignored; use merchant webhook configuration endpoints instead. */
  webhookUrl?: string | null;
};

/** Step 3 result. Contains invoice URL and payment session headers. */
export interface CommerceMerchantCheckoutInvoiceResult {
  orderId: OrderId;
  invoiceId: InvoiceId;
  /** The hosted payment page, opened for this payor. */
  invoiceUrl: string;
  /** Payment session token */
  session: string;
  /** Payment signature (`signatureHash.timestamp`) */
  signature: string;
  payment_session_headers: PaymentSessionHeaders;
  merchantId: MerchantId;
  networkEnvironment: Environment;
  customerId?: string | null;
  /** Invoice amount in USD */
  amount: UsdNumber;
  /** Epoch seconds. */
  expiresAt: number;
  /** `unpaid`; of an order that was made before, what its invoice is now. */
  status: InvoiceStatus;
  endpoints: CommerceCheckoutEndpoints;
  /** A data URI: the code of `invoiceUrl` as an SVG. */
  qrCode: string;
}

/** `CommerceOffsetPage` of the API. */
export interface CommerceOffsetPage {
  limit: number;
  offset: number;
  /** How many are on this page. */
  count: number;
}

/** The canonical snapshot of an order. */
export interface CommerceOrder {
  /** Always `commerce_order`. */
  object: string;
  /** The same as `orderId`. */
  id: OrderId;
  orderId: OrderId;
  invoiceId: InvoiceId;
  merchantId: MerchantId;
  networkEnvironment: Environment;
  retailer: Retailer;
  /** Epoch seconds. */
  createdAt: number;
  updatedAt: number;
  customerId?: string | null;
  walletAddress?: string | null;
  walletNetwork?: Network | null;
  status: OrderStatus;
  substatus?: Substatus | null;
  actions: CommerceOrderActions;
  timeline: CommerceOrderMoment[];
  payment: CommerceOrderPayment;
  fulfillment: CommerceOrderFulfillment;
  lineItems: CommerceOrderLine[];
  shippingAddress?: PostalAddress | null;
  cancellationStatus: Cancellation;
  refundStatus: OrderRefundStatus;
  /** In dollars, with two decimals. */
  totalAmountUsd: string;
  commerceFeeUsd: string;
  refund: CommerceOrderRefund;
}

/** `CommerceOrderActions` of the API. */
export interface CommerceOrderActions {
  canCancel: boolean;
}

/** `CommerceOrderBrief` of the API. */
export interface CommerceOrderBrief {
  orderId: OrderId;
  status: OrderStatus;
  substatus?: Substatus | null;
  customerId?: string | null;
  actions: CommerceOrderActions;
}

/** `CommerceOrderFulfillment` of the API. */
export interface CommerceOrderFulfillment {
  shipments: CommerceShipment[];
}

/** `CommerceOrderLine` of the API. */
export interface CommerceOrderLine {
  productId: string;
  title: string;
  imageUrl?: string | null;
  quantity: number;
  /** Of one piece, in dollars. */
  price: string;
  /** That of the order. */
  status: OrderStatus;
}

/** `CommerceOrderMoment` of the API. */
export interface CommerceOrderMoment {
  status: OrderStatus;
  timestamp: number;
  message: string;
}

/** `CommerceOrderPage` of the API. */
export interface CommerceOrderPage {
  orders: CommerceOrderRow[];
  pagination: CommerceOrderPagination;
}

/** `CommerceOrderPagination` of the API. */
export interface CommerceOrderPagination {
  limit: number;
  offset: number;
  /** How many are on this page. */
  count: number;
}

/** `CommerceOrderPayment` of the API. */
export interface CommerceOrderPayment {
  /** `pending`, `paid`, or `reverted` while the network has taken the payment back. */
  status: string;
  txHash?: string | null;
  settlement: CommerceOrderSettlement;
}

/** `CommerceOrderRefund` of the API. */
export interface CommerceOrderRefund {
  status: OrderRefundStatus;
  amountUsd?: string | null;
  feeUsd?: string | null;
  destinationWalletAddressBsc?: string | null;
  destination?: RefundDestination | null;
  txHash?: string | null;
}

/** An order in a list. */
export interface CommerceOrderRow {
  orderId: OrderId;
  invoiceId: InvoiceId;
  networkEnvironment: Environment;
  status: OrderStatus;
  substatus?: Substatus | null;
  actions: CommerceOrderActions;
  shipmentsSummary: CommerceShipmentsSummary;
  retailer: Retailer;
  walletAddress?: string | null;
  walletNetwork?: Network | null;
  customerId?: string | null;
  /** In USD. */
  total: UsdNumber;
  createdAt: number;
  updatedAt: number;
  /** Pieces of all lines. */
  itemCount: number;
}

/** `CommerceOrderSettlement` of the API. */
export interface CommerceOrderSettlement {
  /** `pending` or `settled`. */
  status: string;
  txHash?: string | null;
  network?: Network | null;
}

/** The same cart for the shopper's own client. */
export interface CommerceOwnCart {
  items: CommerceOwnCartItem[];
  itemCount: number;
  totalQuantity: number;
  subtotal: UsdNumber;
}

/** `CommerceOwnCartItem` of the API. */
export interface CommerceOwnCartItem {
  id: CartItemId;
  productId: string;
  retailer: Retailer;
  title: string;
  imageUrl?: string | null;
  price: UsdNumber;
  quantity: number;
  subtotal: UsdNumber;
  /** 0 to 5. */
  stars?: UsdNumber | null;
  numReviews?: number | null;
  productUrl?: string | null;
  /** Epoch seconds. */
  addedAt: number;
  updatedAt: number;
}

/** `CommercePaymentDetails` of the API. */
export interface CommercePaymentDetails {
  network?: Network | null;
  /** The token's symbol. */
  token?: string | null;
  /** In whole tokens, as a decimal string. */
  amount?: string | null;
  txHash?: string | null;
  /** Who paid. */
  walletAddress?: string | null;
}

/** How an invoice is paid, and with what. */
export interface CommercePaymentState {
  /** `pending`, `underpaid`, `paid`, `expired` or `canceled`. */
  status: string;
  /** Of the invoice, in USD. */
  amount: UsdNumber;
  /** Epoch seconds. */
  paidAt?: number | null;
  paymentDetails?: CommercePaymentDetails | null;
}

/** `CommercePaymentStatus` of the API. */
export type CommercePaymentStatus = CommercePaymentState & {
  orderId: OrderId;
  invoiceId: InvoiceId;
  orderStatus: OrderStatus;
  customerId?: string | null;
};

/** `CommercePricing` of the API. */
export interface CommercePricing {
  subtotal: UsdNumber;
  shipping: UsdNumber;
  tax: UsdNumber;
  fees: CommerceFees;
  /** The sum of all of them. */
  total: UsdNumber;
}

/** What a merchant adds to prices. */
export interface CommerceRates {
  networkEnvironment: Environment;
  /** The first that serves an address is taken unless another is asked for. */
  shipping: CommerceShippingRate[];
  tax: CommerceTaxRate[];
  fees: CommerceFeeRates;
  /** Epoch seconds; null while nothing was set. */
  updatedAt?: number | null;
}

/** The parts to set, each as a whole. */
export interface CommerceRatesRequest {
  /** The first that serves an address is taken unless another is asked for. */
  shipping?: CommerceShippingRateRequest[] | null;
  /** A state's rate takes the place of its country's. */
  tax?: CommerceTaxRateRequest[] | null;
  fees?: CommerceFeeRatesRequest | null;
}

/** `CommerceRefundDestination` of the API. */
export interface CommerceRefundDestination {
  network: Network;
  address: string;
}

/** Where the money goes, if the order is given up once it is paid. */
export interface CommerceRefundDestinationFields {
  /** Optional BSC destination address for refunds (0x…). */
  refundDestinationWalletAddressBsc?: string | null;
  /** The same on any network; only what was paid there can go back there. */
  refundDestination?: CommerceRefundDestination | null;
}

/** `CommerceShipment` of the API. */
export interface CommerceShipment {
  shipmentId: ShipmentId;
  carrier?: string | null;
  trackingNumber?: string | null;
  carrierTrackingUrl?: string | null;
  deliveryStatus: Delivery;
  retailerTrackingNumber?: string | null;
  retailerTrackingUrl?: string | null;
  obtainedAt: number;
}

/** The parcels of an order, in short. */
export interface CommerceShipmentsSummary {
  shipmentCount: number;
  hasTracking: boolean;
  lastTrackingAt?: number | null;
  isDelivered: boolean;
}

/** One way to ship. */
export interface CommerceShippingOption {
  id: string;
  name: string;
  /** What all shipping of the estimate comes to this way. */
  price: UsdNumber;
  estimatedDays: number;
}

/** `CommerceShippingRate` of the API. */
export interface CommerceShippingRate {
  id: string;
  name: string;
  price: UsdNumber;
  /** Nothing is charged from this subtotal on. */
  freeFrom?: UsdNumber | null;
  estimatedDays: number;
  /** Two letters of ISO 3166-1 each; none: everywhere. */
  countries: string[];
  /** Of the one country; none: all of it. */
  states: string[];
}

/** `CommerceShippingRateRequest` of the API. */
export interface CommerceShippingRateRequest {
  /** The merchant's own name for it, which checkouts choose it by. */
  id: string;
  name: string;
  price: number;
  /** Nothing is charged from this subtotal on. */
  freeFrom?: number | null;
  estimatedDays: number;
  /** Two letters of ISO 3166-1 each; none: everywhere. */
  countries?: string[];
  /** Of the one country; none: all of it. */
  states?: string[];
}

/** What a transition does not need is ignored, whatever it is. */
export interface CommerceSimulateRequest {
  transitionTo: CommerceTransition;
  /** `{carrier, trackingNumber, trackingUrl?}`: for `shipped` and `delivery_confirmed`. */
  tracking?: CommerceTracking | null;
  /** For payment transitions: where it is paid, or settled. */
  walletNetwork?: Network | null;
  /** For payment transitions: who pays. */
  walletAddress?: string | null;
}

/** `CommerceSimulatedOrder` of the API. */
export interface CommerceSimulatedOrder {
  order: CommerceOrder;
}

/** `CommerceStatus` of the API. */
export interface CommerceStatus {
  /** `available`, or `limited` while no order of outside products can be made. */
  status: string;
  /** What is kept back for orders, in USD. */
  escrowBalance: UsdNumber;
  /** Below it no order of outside products can be made. */
  minimumRequired: UsdNumber;
  features: CommerceFeatures;
}

/** `CommerceTaxRate` of the API. */
export interface CommerceTaxRate {
  country: string;
  /** Null: all of the country but the states that have rates of their own. */
  state?: string | null;
  /** Hundredths of a percent. */
  bps: number;
  taxesShipping: boolean;
}

/** `CommerceTaxRateRequest` of the API. */
export interface CommerceTaxRateRequest {
  /** Two letters of ISO 3166-1. */
  country: string;
  /** A state's letters, like CA. */
  state?: string | null;
  /** Hundredths of a percent. */
  bps: number;
  taxesShipping?: boolean;
}

/** What the carrier says. */
export interface CommerceTracking {
  carrier?: string | null;
  trackingNumber?: string | null;
  /** An https URL. */
  trackingUrl?: string | null;
}

/** `CommerceTransition` of the API. */
export type CommerceTransition = "payment_confirmed" | "payment_settled" | "placed" | "shipped" | "delivery_confirmed" | "failed" | "cancelled" | "refunded";

/** `Condition` of the API. */
export type Condition = "new" | "refurbished" | "used";

/** `ConfirmReset` of the API. */
export interface ConfirmReset {
  /** The token of the mail. */
  token: string;
  /** The new password, 10 to 256 bytes. */
  password: string;
}

/** `ConfirmSend` of the API. */
export interface ConfirmSend {
  id: SendId;
  /** As its network writes it. */
  tx_hash: string;
}

/** `ConfirmTotp` of the API. */
export interface ConfirmTotp {
  /** The six digits the app shows now. */
  code: string;
}

/** `ControlType` of the API. */
export type ControlType = "ready" | "replay_started" | "replay_finished" | "resync" | "heartbeat";

/** One way money goes to a country's banks or wallets. */
export interface Corridor {
  /** Always `corridor`. */
  object: string;
  id: string;
  country: Country;
  currency: Currency;
  method: PayoutMethod;
  /** What the user must be approved for. */
  kyc_level: KycLevel;
  /** What `account` of a bank account must hold. */
  fields: CorridorField[];
  /** The longest holder's name this method carries, in characters. */
  holder_name_max: number;
  holder_name_charset: NameCharset;
  /** The least of one payout, in whole units of the currency. */
  amount_min: string;
  amount_max: string;
  fee: CorridorFee;
  /** How long it takes as a rule. */
  delivery_seconds: number;
}

/** `CorridorFee` of the API. */
export interface CorridorFee {
  /** In whole units of the currency. */
  fixed: string;
  /** Of the amount, in hundredths of a percent. */
  bps: number;
}

/** `CorridorField` of the API. */
export interface CorridorField {
  name: string;
  /** How it is checked. */
  validation: string;
  /** Its words, where it is one of a few. */
  values?: string[] | null;
  required: boolean;
}

/** `CorridorList` of the API. */
export interface CorridorList {
  /** Always `list`. */
  object: string;
  data: Corridor[];
  has_more: boolean;
}

/** Two letters of ISO 3166-1 */
export type Country = string;

/** `CreateApiKey` of the API. */
export interface CreateApiKey {
  /** What it is for, up to 100 bytes. */
  name: string;
  /** Everything of the merchant, or commerce only; `merchant` if absent. */
  scope?: KeyScope;
  /** The account's current one if absent. */
  environment?: Environment | null;
  /** When it ends by itself: epoch seconds or RFC 3339. */
  expires_at?: number | null;
  restrictions?: Restrictions;
}

/** No `Debug`: it holds numbers. */
export interface CreateBankAccount {
  country: Country;
  currency: Currency;
  method: PayoutMethod;
  /** As the bank knows him; what the method cannot carry is refused. */
  holder_name: string;
  /** The fields of the corridor, all of them text. */
  account: Record<string, unknown>;
}

/** `CreateCredit` of the API. */
export interface CreateCredit {
  /** In whole tokens, as a decimal string. */
  amount: string;
  /** Which token of your balance. */
  token_id: TokenId;
}

/** `CreateCustomerToken` of the API. */
export interface CreateCustomerToken {
  /** How long it opens the cart. */
  ttl_seconds?: number | null;
}

/** `CreateDepositAddress` of the API. */
export interface CreateDepositAddress {
  network: Network;
  /** A stablecoin of that network: its id, or its symbol. */
  token: string;
}

/** `CreateInvoice` of the API. */
export interface CreateInvoice {
  /** From 0.01 to 1000000, with at most three decimals. */
  amount_usd: number;
  /** What is paid for; shown to the payor. */
  description?: string | null;
  /** Your own id of the customer. */
  customer_id?: string | null;
  /** Your own data, at most 512 bytes of compact JSON. */
  metadata?: Record<string, unknown> | null;
  /** How long the payor may pay, in milliseconds; 12 hours if absent, at most 30 days. */
  expires_in?: number | null;
  /** Settle to `receiver_override_address`. */
  receiver_override_enable?: boolean | null;
  /** An address on the network of your settlement token. */
  receiver_override_address?: string | null;
  /** Your company's name if absent. */
  invoice_title?: string | null;
  /** Your company's name if absent. */
  invoice_footer?: string | null;
  /** Where the receipt goes. */
  customer_email?: string | null;
  /** Where the payor goes afterwards, https only; your profile's default if absent. */
  payment_return_url?: string | null;
  /** False: no redirect, whatever URL is set. */
  payment_return_url_enabled?: boolean | null;
  /** Up to five questions to the payor, at most 512 bytes. */
  questions?: Questions | null;
  /** A ramp user of KYC level basic: what pays the invoice goes to his balance, not to a wallet. */
  credit_user_id?: string | null;
  /** For bearer tokens: where to create it. */
  environment?: Environment | null;
}

/** `CreateLiquidationAddress` of the API. */
export interface CreateLiquidationAddress {
  network: Network;
  /** A stablecoin of USD on that network: its id, or its symbol. */
  token: string;
  /** Where what arrives is paid out to. */
  bank_account_id: BankAccountId;
}

/** No `Debug`: it may hold a password. */
export interface CreateMerchant {
  company_name: string;
  email: string;
  /** The first owner's; the company's if absent. */
  owner_email?: string | null;
  /** 10 to 256 bytes; without it the owner sets one by a password reset. */
  owner_password?: string | null;
}

/** `CreateOnramp` of the API. */
export interface CreateOnramp {
  user_id: RampUserId;
  currency: Currency;
  /** What will come in, in whole units. */
  amount: string;
  /** What is bought: a stablecoin of USD; the usual one if absent. */
  token_id?: number | null;
  /** Where it goes, on the token's network. */
  wallet_address: string;
  /** For bearer tokens; without it the account's current one. */
  environment?: Environment | null;
}

/** `CreatePayout` of the API. */
export interface CreatePayout {
  quote_id: RampQuoteId;
  /** With a user's own session: himself, if absent. */
  user_id?: RampUserId | null;
  bank_account_id: BankAccountId;
  /** For bearer tokens; without it the account's current one. */
  environment?: Environment | null;
}

/** `CreateQuote` of the API. */
export interface CreateQuote {
  /** From 0.01 to 1000000, with at most three decimals. */
  amount_usd: number;
  network: Network;
  /** A token of that network. */
  token_id: TokenId;
  /** For bearer tokens; without it the account's current one. */
  environment?: Environment | null;
}

/** `CreateRampQuote` of the API. */
export interface CreateRampQuote {
  /** Whose payout it is for; anybody's if absent. */
  user_id?: RampUserId | null;
  source: QuoteSource;
  target?: QuoteTarget | null;
  /** Where it goes. Without it: `country`, `currency` and `method`. */
  bank_account_id?: BankAccountId | null;
  country?: Country | null;
  currency?: Currency | null;
  method?: PayoutMethod | null;
  /** For bearer tokens; without it the account's current one. */
  environment?: Environment | null;
}

/** `CreateRampSession` of the API. */
export interface CreateRampSession {
  /** How long it opens anything; 3600 if absent. */
  expires_in_seconds?: number | null;
  /** Whether his earlier sessions end now. */
  revoke_others?: boolean;
}

/** No `Debug`: it holds what identifies a person. */
export interface CreateRampUser {
  type: UserType;
  /** Your own treasury; `business` only, at most one in each environment. */
  self?: boolean;
  /** The full name of a person or of a company. */
  name: string;
  email?: string | null;
  country: Country;
  address?: PostalAddress | null;
  /** `YYYY-MM-DD`; kept sealed. */
  birth_date?: string | null;
  /** Documents; kept sealed. */
  identifications?: Identification[];
  /** Your own id of him: unique in each environment. */
  external_id?: string | null;
  /** For bearer tokens: where to create him. */
  environment?: Environment | null;
}

/** `CreateRefund` of the API. */
export interface CreateRefund {
  /** In whole tokens, as a decimal string; all that may go back if absent. */
  amount?: string | null;
  destination: Destination;
  /** Which payment, where several tokens arrived on one network. */
  payment_id?: PaymentId | null;
}

/** `CreateSession` of the API. */
export interface CreateSession {
  /** Ends every other session of this invoice. */
  revoke_others?: boolean;
}

/** `CreateVirtualAccount` of the API. */
export interface CreateVirtualAccount {
  currency: Currency;
  /** What the user gets for it: a stablecoin of USD; the usual one if absent. */
  token_id?: number | null;
}

/** `CreateWebhookEndpoint` of the API. */
export interface CreateWebhookEndpoint {
  /** Where events are posted to, https only; without credentials and fragment. */
  url: string;
  /** 1 to 50 event types and wildcards: `invoice.updated`, `invoice.*`, `*`. */
  enabled_events: string[];
  /** What it is for, up to 255 bytes. */
  description?: string | null;
  /** A key's own environment if absent; for bearer tokens: both. */
  environment?: Environment | null;
}

/** Three letters of ISO 4217, in lower case */
export type Currency = string;

/** `CustomerEmail` of the API. */
export interface CustomerEmail {
  email?: string | null;
  has_email: boolean;
  /** What became of the receipt's mail; left out until the invoice is paid. */
  receipt_status?: ReceiptStatus | null;
}

/** `CustomerEmailRequest` of the API. */
export interface CustomerEmailRequest {
  /** At most 255 characters; stored in lower case. */
  email: string;
  /**
   * What the payor reads, for example `ar` or `pt-BR`: the receipt is mailed in the nearest
   * language there is, else in English.
   */
  language?: string | null;
}

/** `CustomerEmailSet` of the API. */
export interface CustomerEmailSet {
  success: boolean;
  /** As it was stored. */
  email?: string | null;
  message: string;
}

/** No `Debug`: whoever has the token is the shopper. */
export interface CustomerToken {
  /** The header `User-Authorization: Bearer …` of `/api/commerce/cart`. */
  token: string;
  networkEnvironment: Environment;
  customerId?: string | null;
  walletAddress?: string | null;
  walletNetwork?: Network | null;
  /** Epoch seconds. */
  expiresAt: number;
}

/** A success that says when it was true. */
export interface DatedProductDetails {
  /** Always true. */
  success: boolean;
  /** A product in full. */
  data: {
    productId: string;
    retailer: Retailer;
    title: string;
    /** Of the best offer, in USD; null: nobody sells it now. */
    price?: UsdNumber | null;
    /** What the best offer takes for sending it, in USD. */
    shipPrice?: UsdNumber | null;
    images: string[];
    mainImage?: string | null;
    description?: string | null;
    bullets: string[];
    productDetails: ProductDetail[];
    brand?: string | null;
    categories: string[];
    /** In stars, 0 to 5. */
    rating?: UsdNumber | null;
    reviewCount: number;
    url?: string | null;
    /** The product this is a variant of. */
    parentId?: string | null;
    /** What makes it this variant: size, colour. */
    variantSpecifics: Specific[];
    variants: Variant[];
    availability: ProductAvailability;
    numOffers: number;
  };
  meta: Meta;
}

/** A success that says when it was true. */
export interface DatedProductOffers {
  /** Always true. */
  success: boolean;
  data: {
    productId: string;
    retailer: Retailer;
    /** Best first. */
    offers: OfferView[];
  };
  meta: Meta;
}

/** A success that says when it was true. */
export interface DatedSearchAnswer {
  /** Always true. */
  success: boolean;
  data: {
    products: FoundProduct[];
    pagination: SearchPagination;
    /** Of your own catalog and the demo shops, on the first page only. */
    facets?: FacetsView | null;
    query: string;
    retailer?: Retailer | null;
    /** Words that nothing has, not even misspelt: it was searched for the others. */
    leftOut: string[];
    warnings: SearchWarning[];
  };
  meta: Meta;
}

/** `DecideKyc` of the API. */
export interface DecideKyc {
  outcome: KycVerdict;
}

/** `DeleteSettlementWallet` of the API. */
export interface DeleteSettlementWallet {
  network: Network;
  /** The account's current one if absent. */
  environment?: Environment | null;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** `Delivery` of the API. */
export type Delivery = "in_transit" | "delivered";

/** A delivery with every attempt. */
export type DeliveryDetails = DeliveryView & {
  /** The oldest first. */
  attempts: AttemptView[];
};

/** A page of deliveries, newest events first. */
export interface DeliveryList {
  /** Always `list`. */
  object: string;
  data: DeliveryView[];
  has_more: boolean;
}

/** `DeliveryStatus` of the API. */
export type DeliveryStatus = "pending" | "delivered" | "failed";

/** One event on its way to one endpoint. */
export interface DeliveryView {
  /** Always `webhook_delivery`. */
  object: string;
  id: string;
  webhook_endpoint: string;
  event_id: string;
  event_type: string;
  environment: Environment;
  status: DeliveryStatus;
  /** How often it was tried. */
  attempt_count: number;
  /** Epoch seconds; null if no attempt is to come. */
  next_attempt_at?: number | null;
  /** The HTTP status of the last answer; null if none came. */
  last_response_status?: number | null;
  /** Epoch seconds. */
  created_at: number;
  /** When it was delivered or given up, in epoch seconds. */
  finished_at?: number | null;
}

/** `DepositKind` of the API. */
export type DepositKind = "credit" | "invoice" | "onchain" | "virtual_account";

/** `DepositStatus` of the API. */
export type DepositStatus = "pending" | "in_review" | "completed" | "failed" | "reverted" | "refunded";

/** `Destination` of the API. */
export interface Destination {
  /** The network the payment came over. */
  network: Network;
  address: string;
}

/** `DisableTotp` of the API. */
export interface DisableTotp {
  /** The six digits the app shows now. */
  code: string;
  password: string;
}

/** Why an endpoint is switched off. */
export type DisabledReason = "manual" | "gone" | "failing";

/** `DocumentType` of the API. */
export type DocumentType = "passport" | "national_id" | "drivers_license" | "tax_id" | "registration_number";

/** Done, and there is nothing to show for it. */
export interface Done {
  /** Always true. */
  success: boolean;
  message: string;
}

/** `EndpointStatus` of the API. */
export type EndpointStatus = "enabled" | "disabled";

/** `EnrollTotp` of the API. */
export interface EnrollTotp {
  password: string;
}

/** A success. */
export interface EnvelopedCommerceAddressPage {
  /** Always true. */
  success: boolean;
  data: {
    /** Newest first. */
    addresses: CommerceAddress[];
    pagination: CommerceOffsetPage;
  };
}

/** A success. */
export interface EnvelopedCommerceCanceledOrder {
  /** Always true. */
  success: boolean;
  data: {
    orderId: OrderId;
    status: OrderStatus;
    substatus?: Substatus | null;
    customerId?: string | null;
    /** What goes back, where to, and how far that is. */
    refundQuote: CommerceOrderRefund;
  };
}

/** A success. */
export interface EnvelopedCommerceCart {
  /** Always true. */
  success: boolean;
  /** A shopper's cart, at the prices its items were put in with. */
  data: {
    merchantId: MerchantId;
    networkEnvironment: Environment;
    customerId?: string | null;
    walletAddress?: string | null;
    walletNetwork?: Network | null;
    items: CommerceCartItem[];
    subtotal: UsdNumber;
    /** How many different things. */
    itemCount: number;
    /** How many pieces of all of them. */
    totalQuantity: number;
    /** Epoch seconds; null before anything was put in. */
    createdAt?: number | null;
    updatedAt?: number | null;
  };
}

/** A success. */
export interface EnvelopedCommerceCartTotals {
  /** Always true. */
  success: boolean;
  /** What a cart comes to with all that is added. */
  data: {
    /** At the prices the cart has. */
    subtotal: UsdNumber;
    shipping: UsdNumber;
    /** Of the ZIP code's state; zero without one. */
    tax: UsdNumber;
    fees: CommerceFees;
    total: UsdNumber;
    itemCount: number;
    zipCode?: string | null;
  };
}

/** A success. */
export interface EnvelopedCommerceCheckoutAddress {
  /** Always true. */
  success: boolean;
  data: {
    estimateId: EstimateId;
    addressId: ShippingAddressId;
    /** Whether it follows the rules of its country's post; else only its form was looked at. */
    validated: boolean;
    /** As the country's post writes it. */
    standardized: PostalAddress;
    shippingOptions: CommerceShippingOption[];
    /** The one that the pricing is made with. */
    shippingOptionId?: string | null;
    /** With the tax and shipping of this address. */
    pricing: CommercePricing;
    feeBreakdown: CommerceFeeBreakdown;
    /** Epoch seconds; an address does not make an estimate live longer. */
    expiresAt: number;
  };
}

/** A success. */
export interface EnvelopedCommerceEstimate {
  /** Always true. */
  success: boolean;
  data: {
    estimateId: EstimateId;
    merchantId: MerchantId;
    networkEnvironment: Environment;
    customerId?: string | null;
    walletAddress?: string | null;
    walletNetwork?: Network | null;
    /** What an order would hold, at prices that are held until `expiresAt`. */
    validItems: CommerceEstimateItem[];
    invalidItems: InvalidLine[];
    /** Tax is known once there is an address. */
    pricing: CommercePricing;
    feeBreakdown: CommerceFeeBreakdown;
    /** Epoch seconds. */
    expiresAt: number;
    createdAt: number;
  };
}

/** A success. */
export interface EnvelopedCommerceInfo {
  /** Always true. */
  success: boolean;
  data: {
    merchantId: MerchantId;
    networkEnvironment: Environment;
    /** Those whose products can be had here. */
    retailers: Retailer[];
    features: CommerceFeatures;
    limits: CommerceLimits;
    fees: CommerceFeeStructure;
  };
}

/** A success. */
export interface EnvelopedCommerceInvoiceStatus {
  /** Always true. */
  success: boolean;
  data: {
    invoiceId: InvoiceId;
    orderId: OrderId;
    payment: CommercePaymentState;
    order: CommerceOrderBrief;
  };
}

/** A success. */
export interface EnvelopedCommerceMerchantCheckoutInvoiceResult {
  /** Always true. */
  success: boolean;
  /** Step 3 result. Contains invoice URL and payment session headers. */
  data: {
    orderId: OrderId;
    invoiceId: InvoiceId;
    /** The hosted payment page, opened for this payor. */
    invoiceUrl: string;
    /** Payment session token */
    session: string;
    /** Payment signature (`signatureHash.timestamp`) */
    signature: string;
    payment_session_headers: PaymentSessionHeaders;
    merchantId: MerchantId;
    networkEnvironment: Environment;
    customerId?: string | null;
    /** Invoice amount in USD */
    amount: UsdNumber;
    /** Epoch seconds. */
    expiresAt: number;
    /** `unpaid`; of an order that was made before, what its invoice is now. */
    status: InvoiceStatus;
    endpoints: CommerceCheckoutEndpoints;
    /** A data URI: the code of `invoiceUrl` as an SVG. */
    qrCode: string;
  };
}

/** A success. */
export interface EnvelopedCommerceOrder {
  /** Always true. */
  success: boolean;
  /** The canonical snapshot of an order. */
  data: {
    /** Always `commerce_order`. */
    object: string;
    /** The same as `orderId`. */
    id: OrderId;
    orderId: OrderId;
    invoiceId: InvoiceId;
    merchantId: MerchantId;
    networkEnvironment: Environment;
    retailer: Retailer;
    /** Epoch seconds. */
    createdAt: number;
    updatedAt: number;
    customerId?: string | null;
    walletAddress?: string | null;
    walletNetwork?: Network | null;
    status: OrderStatus;
    substatus?: Substatus | null;
    actions: CommerceOrderActions;
    timeline: CommerceOrderMoment[];
    payment: CommerceOrderPayment;
    fulfillment: CommerceOrderFulfillment;
    lineItems: CommerceOrderLine[];
    shippingAddress?: PostalAddress | null;
    cancellationStatus: Cancellation;
    refundStatus: OrderRefundStatus;
    /** In dollars, with two decimals. */
    totalAmountUsd: string;
    commerceFeeUsd: string;
    refund: CommerceOrderRefund;
  };
}

/** A success. */
export interface EnvelopedCommerceOrderPage {
  /** Always true. */
  success: boolean;
  data: {
    orders: CommerceOrderRow[];
    pagination: CommerceOrderPagination;
  };
}

/** A success. */
export interface EnvelopedCommerceOwnCart {
  /** Always true. */
  success: boolean;
  /** The same cart for the shopper's own client. */
  data: {
    items: CommerceOwnCartItem[];
    itemCount: number;
    totalQuantity: number;
    subtotal: UsdNumber;
  };
}

/** A success. */
export interface EnvelopedCommercePaymentStatus {
  /** Always true. */
  success: boolean;
  data: CommercePaymentState & {
    orderId: OrderId;
    invoiceId: InvoiceId;
    orderStatus: OrderStatus;
    customerId?: string | null;
  };
}

/** A success. */
export interface EnvelopedCommerceRates {
  /** Always true. */
  success: boolean;
  /** What a merchant adds to prices. */
  data: {
    networkEnvironment: Environment;
    /** The first that serves an address is taken unless another is asked for. */
    shipping: CommerceShippingRate[];
    tax: CommerceTaxRate[];
    fees: CommerceFeeRates;
    /** Epoch seconds; null while nothing was set. */
    updatedAt?: number | null;
  };
}

/** A success. */
export interface EnvelopedCommerceSimulatedOrder {
  /** Always true. */
  success: boolean;
  data: {
    order: CommerceOrder;
  };
}

/** A success. */
export interface EnvelopedCommerceStatus {
  /** Always true. */
  success: boolean;
  data: {
    /** `available`, or `limited` while no order of outside products can be made. */
    status: string;
    /** What is kept back for orders, in USD. */
    escrowBalance: UsdNumber;
    /** Below it no order of outside products can be made. */
    minimumRequired: UsdNumber;
    features: CommerceFeatures;
  };
}

/** A success. */
export interface EnvelopedCustomerToken {
  /** Always true. */
  success: boolean;
  /** No `Debug`: whoever has the token is the shopper. */
  data: {
    /** The header `User-Authorization: Bearer …` of `/api/commerce/cart`. */
    token: string;
    networkEnvironment: Environment;
    customerId?: string | null;
    walletAddress?: string | null;
    walletNetwork?: Network | null;
    /** Epoch seconds. */
    expiresAt: number;
  };
}

/** A success. */
export interface EnvelopedOwnOfferView {
  /** Always true. */
  success: boolean;
  data: {
    offerId: OfferId;
    sellerId?: string | null;
    sellerName: string;
    /** Of one piece, in USD. */
    price: UsdNumber;
    /** What sending it costs, in USD. */
    shipping: UsdNumber;
    condition: Condition;
    handlingDays: HandlingDays;
    international: boolean;
    /** How many pieces are left; null: they are not counted. */
    stock?: number | null;
  };
}

/** A success. */
export interface EnvelopedOwnOffers {
  /** Always true. */
  success: boolean;
  data: {
    productId: string;
    offers: OwnOfferView[];
  };
}

/** A success. */
export interface EnvelopedProductPage {
  /** Always true. */
  success: boolean;
  data: {
    products: ProductView[];
    hasMore: boolean;
  };
}

/** A success. */
export interface EnvelopedProductView {
  /** Always true. */
  success: boolean;
  data: {
    /** Your own number of it. */
    productId: string;
    /** Always `other`: your own catalog. */
    retailer: Retailer;
    title: string;
    description?: string | null;
    brand?: string | null;
    categories: string[];
    images: string[];
    url?: string | null;
    bullets: string[];
    attributes: Record<string, string>;
    /** In stars, 0 to 5. */
    rating?: UsdNumber | null;
    reviewCount: number;
    parentId?: string | null;
    /** What makes it this variant: size, colour. */
    variantSpecifics: Specific[];
    variants: Variant[];
    offers: OwnOfferView[];
    /** Epoch seconds. */
    createdAt: number;
    /** Epoch seconds. */
    updatedAt: number;
  };
}

/** A success. */
export interface EnvelopedRemovedProduct {
  /** Always true. */
  success: boolean;
  data: {
    productId: string;
    /** Always true. */
    deleted: boolean;
  };
}

/** A success. */
export interface EnvelopedStockView {
  /** Always true. */
  success: boolean;
  data: {
    offerId: OfferId;
    /** How many pieces are left. */
    quantity: number;
  };
}

/** A success. */
export interface EnvelopedVecCommerceBulkStatus {
  /** Always true. */
  success: boolean;
  data: {
    orderId: OrderId;
    /** Null if there is no such order. */
    status?: string | null;
    error?: string | null;
  }[];
}

/** Network context: test networks or the real ones. */
export type Environment = "devnet" | "mainnet";

/** How a user is forgotten. */
export interface EraseRampUser {
  /** Whether what is worth less than a dollar, of each token and currency he has, is left to you. */
  forfeit_dust?: boolean;
}

/** Every error has this shape. A 429 also has `message`, `error_code` and `retry_after` on top. */
export interface ErrorBody {
  /** Always false. */
  success: boolean;
  error: ErrorDetail;
}

/** `ErrorDetail` of the API. */
export interface ErrorDetail {
  /** Stable: branch on it. */
  code: string;
  /** For people; may change. */
  message: string;
  /** The field of the request that is wrong. */
  param?: string | null;
  request_id: string;
}

/** `EstimateId` of the API. */
export type EstimateId = string;

/** One event, wrapped. */
export interface EventFound {
  /** Always true. */
  success: boolean;
  data: PepayEvent;
}

/** A page of events, wrapped. */
export interface EventList {
  /** Always true. */
  success: boolean;
  data: EventPage;
}

/** A page of events, newest first. */
export interface EventPage {
  /** Always `list`. */
  object: string;
  data: PepayEvent[];
  has_more: boolean;
}

/** An account with its numbers. No `Debug`, for the same reason. */
export type ExportedBankAccount = BankAccount & {
  /** The fields of its corridor; null once they were erased. */
  account?: Record<string, unknown> | null;
};

/** `FacetsView` of the API. */
export interface FacetsView {
  brands: NameCount[];
  categories: NameCount[];
  retailers: RetailerCount[];
  prices: PriceCount[];
  /** Whether brands and categories are counted over a sample and scaled. */
  estimated: boolean;
}

/** `FaultRequest` of the API. */
export interface FaultRequest {
  /** `ok`, `lagging`, `failing`, `duplicating` or `partial`. */
  rpc: string;
  /** 1 to 86400; not needed with `ok`. */
  for_seconds?: number | null;
}

/** Where bank money is to be sent, as a payer needs it. */
export interface FiatInstructions {
  account_holder?: string | null;
  bank_name?: string | null;
  iban?: string | null;
  bic?: string | null;
  account_number?: string | null;
  routing_number?: string | null;
  /** What the payer must write beside the money, so that it is found. */
  payment_reference?: string | null;
}

/** `FormRequest` of the API. */
export interface FormRequest {
  /** One to five answers; every required question must be among them. */
  responses: Answer[];
}

/** `FormSubmitted` of the API. */
export interface FormSubmitted {
  success: boolean;
}

/** `FoundProduct` of the API. */
export interface FoundProduct {
  productId: string;
  retailer: Retailer;
  title: string;
  /** Of the best offer, in USD. */
  price: UsdNumber;
  image?: string | null;
  /** 0 to 5. */
  stars?: UsdNumber | null;
  numReviews: number;
  url?: string | null;
  brand?: string | null;
  categories: string[];
  /** Whether it can be bought here now. */
  available: boolean;
  /** The title in pieces, those that were searched for marked; null if none was. */
  highlight?: TitlePiece[] | null;
}

/** `HandlingDays` of the API. */
export interface HandlingDays {
  min: number;
  max: number;
}

/** `Health` of the API. */
export interface Health {
  status: string;
}

/** A document somebody is identified by. No Debug: it holds the number. */
export interface Identification {
  type: DocumentType;
  country: Country;
  number: string;
}

/** A line of the answer. */
export type ImportLine = {
  /** From 1. */
  line: number;
  product_id?: string | null;
  code: string;
  message: string;
  param?: string | null;
  type: "error";
} | {
  lines: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  type: "progress";
} | {
  lines: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  /** Errors that are not among the lines of this answer. */
  errors_omitted: number;
  type: "done";
} | {
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  code: string;
  message: string;
  type: "aborted";
};

/** `InvalidLine` of the API. */
export interface InvalidLine {
  productId: string;
  retailer: Retailer;
  error: string;
}

/** `InviteMember` of the API. */
export interface InviteMember {
  email: string;
  role: Role;
  /** Without one a link to set it is mailed; 10 to 256 bytes. */
  password?: string | null;
}

/** The canonical payment object. */
export interface Invoice {
  object: string;
  id: InvoiceId;
  merchant_id: MerchantId;
  status: InvoiceStatus;
  invoice_type: InvoiceType;
  currency: string;
  /** In thousandths of a dollar. */
  amount: number;
  amount_decimal: string;
  amount_usd: UsdNumber;
  /** Confirmed payments that count, overpayment included. */
  amount_paid: number;
  amount_paid_decimal: string;
  /** Never below zero. */
  amount_remaining: number;
  amount_remaining_decimal: string;
  amount_overpaid: number;
  amount_overpaid_decimal: string;
  amount_unit: string;
  customer_id?: string | null;
  customer_email?: string | null;
  payer_wallet_address?: string | null;
  payer_wallet_network?: Network | null;
  commerce_order_id?: string | null;
  environment: Environment;
  description?: string | null;
  invoice_title?: string | null;
  invoice_footer?: string | null;
  payment_return_url?: string | null;
  payment_return_url_enabled: boolean;
  receiver_override_address?: string | null;
  /** The ramp user whose balance it goes to; left out if there is none. */
  credit_user_id?: RampUserId | null;
  questions?: Questions | null;
  answers: Answer[];
  expires_at: number;
  created_at: number;
  paid_at?: number | null;
  last_payment_at?: number | null;
  metadata: Record<string, unknown>;
  /** With `expand=latest_payment`. */
  latest_payment?: InvoicePayment | null;
  /** With `expand=payments`, newest first. */
  payments?: InvoicePayment[] | null;
}

/** Where the payor pays, and the credentials of his session. */
export interface InvoiceAccess {
  invoice_id: InvoiceId;
  /** The hosted payment page, opened for this payor. */
  payment_url: string;
  /** The pay-by time, in epoch seconds. */
  expires_at: number;
  session_token: string;
  signature: string;
  payment_session_headers: PaymentSessionHeaders;
}

/** `InvoiceId` of the API. */
export type InvoiceId = string;

/** A page of invoices, newest first. */
export interface InvoiceList {
  object: string;
  data: Invoice[];
  has_more: boolean;
}

/** What one on-chain transfer did for an invoice. */
export interface InvoicePayment {
  object: string;
  id: PaymentId;
  invoice_id: InvoiceId;
  merchant_id: MerchantId;
  environment: Environment;
  status: PaymentStatus;
  settlement_status: SettlementStatus;
  settlement: Settlement;
  network: Network;
  /** Null for a token that is not known here. */
  token_id?: TokenId | null;
  token_symbol?: string | null;
  /** The token's contract; null for the native coin. */
  token_address?: string | null;
  /** In whole tokens, as a decimal string. */
  token_amount?: string | null;
  /** In the token's smallest unit. */
  token_amount_base: string;
  amount_usd: UsdNumber;
  amount_usd_millis: number;
  tx_hash: string;
  /** For display; a reorg may change it. */
  log_index?: number | null;
  block_number: number;
  block_hash: string;
  confirmations: number;
  required_confirmations: number;
  from_address?: string | null;
  to_address: string;
  /** Arrived after the pay-by time; not counted until the merchant accepts it. */
  late: boolean;
  /** Adds to the invoice's `amount_paid` once confirmed. */
  counted: boolean;
  created_at: number;
  confirmed_at?: number | null;
}

/** `InvoiceQuestions` of the API. */
export interface InvoiceQuestions {
  has_questions: boolean;
  /** Only there if the merchant asks something. */
  questions?: Questions | null;
}

/** `InvoiceReport` of the API. */
export interface InvoiceReport {
  object: string;
  /** Always `invoices`. */
  report: string;
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  lines: InvoiceReportLine[];
  /** The same without days. */
  totals: InvoiceReportLine[];
}

/** One day, state, network and token. */
export interface InvoiceReportLine {
  /** A day of UTC, `2026-11-21`; null in a total. */
  date?: string | null;
  /** What the invoices came to be on that day. */
  status: InvoiceStatus;
  /** What they were paid in or are bound to; null while that is open. */
  network?: Network | null;
  token_id?: TokenId | null;
  symbol?: string | null;
  count: number;
  /** What those invoices ask for, in dollars. */
  amount_usd: string;
  /**
   * What was paid on that day to invoices that were in this state right after, in whole tokens,
   * less what reorgs took back; null without a token.
   */
  amount_paid?: string | null;
  amount_paid_base?: string | null;
}

/** Codes are stored, so variants are only ever appended. */
export type InvoiceStatus = "unpaid" | "underpaid" | "paid" | "expired" | "canceled";

/** An invoice and its newest payment, for clients that poll. */
export interface InvoiceStatusView {
  object: string;
  invoice: Invoice;
  /** Null until somebody paid something. */
  latest_payment?: InvoicePayment | null;
}

/** What was asked for and how often, by state. */
export interface InvoiceTotals {
  object: string;
  currency: string;
  amount_unit: string;
  totals: TotalsByStatus;
}

/** Codes are stored, so variants are only ever appended. */
export type InvoiceType = "standard" | "commerce";

/** Which part of the API a key opens. */
export type KeyScope = "merchant" | "commerce";

/** A case as its merchant reads it. */
export interface KycCase {
  /** Always `kyc_case`. */
  object: string;
  /** Null before the first case. */
  id?: KycCaseId | null;
  user_id: RampUserId;
  environment: Environment;
  status: KycStatus;
  /** The level the case asks for. */
  level?: KycLevel | null;
  /** Where the person answers; null once nothing can be answered there. */
  hosted_url?: string | null;
  link_expires_at?: number | null;
  submitted_at?: number | null;
  decided_at?: number | null;
  /** The level that counts now. */
  approved_level?: KycLevel | null;
  /** When what is approved ends. */
  approval_expires_at?: number | null;
  created_at?: number | null;
}

/** `KycCaseAnswer` of the API. */
export interface KycCaseAnswer {
  success: boolean;
  data: KycCase;
}

/** `KycCaseId` of the API. */
export type KycCaseId = string;

/** In ascending order: a higher level may do what a lower one may. */
export type KycLevel = "basic" | "standard" | "enhanced";

/** `KycStatus` of the API. */
export type KycStatus = "not_started" | "pending" | "in_review" | "approved" | "rejected" | "needs_information" | "suspended" | "expired";

/** What is decided of a case. */
export type KycVerdict = "approved" | "rejected" | "in_review" | "needs_information" | "suspended" | "reinstated";

/** How far what a line counts has come. */
export type LineStatus = "started" | "completed" | "released";

/** A challenge, signed, and the proof that the account is yours. */
export interface LinkWallet {
  /** As the challenge said. */
  challengeId: string;
  /** Hex for EVM wallets, base58 for Solana. */
  signature: string;
  walletAddress: string;
  walletType: WalletType;
  /** Your current password. */
  password: string;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** `MainnetStatus` of the API. */
export interface MainnetStatus {
  has_mainnet_access: boolean;
  /** A key's own environment, or the one chosen for bearer requests. */
  current_environment: Environment;
}

/** `MemberId` of the API. */
export type MemberId = string;

/** A page of members, newest first. */
export interface MemberList {
  /** Always `list`. */
  object: string;
  data: MemberView[];
  has_more: boolean;
}

/** A person who may act for a merchant. */
export interface MemberView {
  /** Always `member`. */
  object: string;
  id: MemberId;
  merchant_id: MerchantId;
  email: string;
  role: Role;
  /** Whether a password was set: an invited member has none at first. */
  has_password: boolean;
  /** Whether signing in takes a one-time code. */
  totp_enabled: boolean;
  /** Wallets that sign this member in. */
  wallets: string[];
  /** Epoch seconds. */
  created_at: number;
}

/** A merchant, as the operator sees it. */
export interface Merchant {
  object: string;
  id: MerchantId;
  company_name: string;
  email: string;
  has_mainnet_access: boolean;
  /** When mainnet was asked for, if that still waits. */
  mainnet_requested_at?: number | null;
  created_at: number;
  /** The first owner; answered when the merchant is made. */
  owner?: OwnerView | null;
}

/** A merchant's number. Zero is the house itself: operator acts and shared rows. */
export type MerchantId = number;

/** `MerchantList` of the API. */
export interface MerchantList {
  object: string;
  data: Merchant[];
  has_more: boolean;
}

/** What a merchant says of itself. */
export interface MerchantProfile {
  object: string;
  id: MerchantId;
  company_name: string;
  email: string;
  default_payment_return_url?: string | null;
  /**
   * How much may be missing for an invoice to count as paid, in hundredths of a percent. Each
   * environment has its own.
   */
  tolerance_bps: number;
  /** The most that may be missing, whatever the share. */
  tolerance_max_usd: UsdNumber;
  /** Where the payment page may be embedded. */
  embed_origins: string[];
  logo_url?: string | null;
  brand_color?: string | null;
  accent_color?: string | null;
  created_at: number;
}

/** A batch of payments on its way to the merchant. */
export interface MerchantSettlement {
  object: string;
  /** What payments call `merchant_settlement_id`. */
  id: SettlementId;
  merchant_id: MerchantId;
  environment: Environment;
  status: SettlementState;
  /** Why it waits for somebody to approve it. */
  review_reason?: ReviewReason | null;
  /** Where the money arrives. */
  network: Network;
  destination: string;
  source_network: Network;
  token_id: TokenId;
  token_symbol?: string | null;
  /** In whole tokens, as a decimal string. */
  amount?: string | null;
  amount_base: string;
  amount_settled_base: string;
  amount_usd: UsdNumber;
  payments: number;
  tx_hashes: string[];
  created_at: number;
  updated_at: number;
  settled_at?: number | null;
  /** Its transactions; in the answer to one settlement only. */
  sends?: Send[] | null;
}

/** `Meta` of the API. */
export interface Meta {
  /** Epoch seconds. */
  timestamp: number;
}

/** Which letters a method carries. */
export type NameCharset = "basic_latin" | "latin" | "any";

/** `NameCount` of the API. */
export interface NameCount {
  name: string;
  count: number;
}

/** The ten networks a payment can arrive on. */
export type Network = "ethereum" | "base" | "solana" | "avalanche" | "ton" | "bsc" | "arbitrum" | "optimism" | "cardano" | "sui";

/** Whether a network is sent on. */
export interface NetworkSending {
  object: string;
  environment: Environment;
  network: Network;
  sending: Sending;
  changed_at: number;
}

/** `NetworkSendingList` of the API. */
export interface NetworkSendingList {
  object: string;
  data: NetworkSending[];
  has_more: boolean;
}

/** A key that was just made. */
export type NewApiKey = ApiKeyView & {
  /** The key itself. Shown once: keep it now. */
  api_key: string;
};

/** A body that names its shopper, for the schema: who is named is read by itself. */
export type OfShopperCommerceCartItemRequest = CommerceCustomerIdentifier & {
  productId: string;
  retailer: Retailer;
  title: string;
  /** In USD, at most three decimals; kept in whole cents. */
  price: number;
  quantity?: number | null;
  /** Https only. */
  imageUrl?: string | null;
  /** Https only. */
  productUrl?: string | null;
  numReviews?: number | null;
  rating?: number | null;
};

/** A body that names its shopper, for the schema: who is named is read by itself. */
export type OfShopperCommerceCartRequest = CommerceCustomerIdentifier & {
  /** Put in at once. */
  item?: CommerceCartItemRequest | null;
};

/** A body that names its shopper, for the schema: who is named is read by itself. */
export type OfShopperCommerceCartUpdateRequest = CommerceCustomerIdentifier & {
  /** Zero takes it out. */
  quantity: number;
};

/** A body that names its shopper, for the schema: who is named is read by itself. */
export type OfShopperCommerceCheckoutAddressRequest = CommerceCustomerIdentifier & {
  estimateId: EstimateId;
  /** Needed unless `addressId` is given. */
  address?: CommerceAddressRequest | null;
  /** One of `GET /api/v1/commerce/merchant/addresses`, instead of `address`. */
  addressId?: ShippingAddressId | null;
  /** One of `shippingOptions`; the first of them if left out. */
  shippingOptionId?: string | null;
};

/** A body that names its shopper, for the schema: who is named is read by itself. */
export type OfShopperCommerceEstimateRequest = CommerceCustomerIdentifier & {
  /** Not together with `useCart`. */
  items?: CommerceEstimateItemRequest[] | null;
  /** What lies in the saved cart, which is only read. */
  useCart?: boolean | null;
  /** Exceptions for this attempt, with `useCart` only. */
  itemOverrides?: CommerceEstimateOverride[] | null;
};

/** A body that names its shopper, for the schema: who is named is read by itself. */
export type OfShopperCreateCustomerToken = CommerceCustomerIdentifier & {
  /** How long it opens the cart. */
  ttl_seconds?: number | null;
};

/** One way to buy it. */
export interface OfferBody {
  /** Which of its offers; left out: that of the same seller and condition, or a new one. */
  offerId?: OfferId | null;
  sellerId?: string | null;
  /** Your company's name if left out. */
  sellerName?: string | null;
  /** In USD, rounded to cents. */
  price: number;
  /** What sending it costs, in USD; 0 if left out. */
  shipping?: number | null;
  condition?: Condition;
  /** Until it leaves the shop; 0 to 3 days if left out. Above 10 days it is not sold here. */
  handlingDays?: HandlingDays | null;
  international?: boolean;
  /** How many pieces there are; null: they are not counted; left out: as before. */
  stock?: number | null;
}

/** `OfferId` of the API. */
export type OfferId = string;

/** The fields of one offer to change. */
export interface OfferPatch {
  sellerId?: string | null;
  sellerName?: string;
  price?: number;
  shipping?: number;
  condition?: Condition;
  handlingDays?: HandlingDays;
  international?: boolean;
  /** Null: its pieces are not counted any more. */
  stock?: number | null;
}

/** `OfferView` of the API. */
export interface OfferView {
  offerId: string;
  sellerId?: string | null;
  sellerName: string;
  /** In USD. */
  price: UsdNumber;
  /** In USD. */
  shipping: UsdNumber;
  /** Price and shipping, in USD. */
  totalCost: UsdNumber;
  /** Always false: no offer asks for a membership. */
  prime: boolean;
  /** Always false. */
  primeOnly: boolean;
  condition: Condition;
  handlingDays: HandlingDays;
  international: boolean;
  /** Whether there is one. */
  available: boolean;
  /** Whether it can be bought here: there is one, and it leaves the shop within 10 days. */
  eligible: boolean;
}

/** Bank money in, stablecoin to a wallet. */
export interface Onramp {
  /** Always `onramp`. */
  object: string;
  id: OnrampId;
  status: OnrampStatus;
  environment: Environment;
  user_id: RampUserId;
  /** What is to come in. */
  source: RampTarget;
  /** What did, in whole units. */
  received?: string | null;
  /** What goes to the wallet. */
  target: RampSource;
  wallet: string;
  /** In whole tokens. */
  fee: string;
  /** Units of the currency for one whole token. */
  rate: string;
  /** Where to send the bank money; null while that is being found out. */
  instructions?: FiatInstructions | null;
  tx_hash?: string | null;
  failure_reason?: RampFailure | null;
  expires_at: number;
  created_at: number;
  updated_at: number;
}

/** `OnrampId` of the API. */
export type OnrampId = string;

/** `OnrampList` of the API. */
export interface OnrampList {
  /** Always `list`. */
  object: string;
  data: Onramp[];
  has_more: boolean;
}

/** `OnrampStatus` of the API. */
export type OnrampStatus = "awaiting_fiat" | "fiat_received" | "converting" | "sent" | "completed" | "expired" | "failed" | "refunded" | "in_review";

/** `OrderId` of the API. */
export type OrderId = string;

/** `OrderRefundStatus` of the API. */
export type OrderRefundStatus = "NONE" | "QUOTED" | "PENDING" | "SENT" | "FAILED";

/** Codes are stored, so variants are only ever appended. */
export type OrderStatus = "pending_payment" | "processing" | "placed" | "shipped" | "delivered" | "cancelled" | "failed";

/** `OwnOfferView` of the API. */
export interface OwnOfferView {
  offerId: OfferId;
  sellerId?: string | null;
  sellerName: string;
  /** Of one piece, in USD. */
  price: UsdNumber;
  /** What sending it costs, in USD. */
  shipping: UsdNumber;
  condition: Condition;
  handlingDays: HandlingDays;
  international: boolean;
  /** How many pieces are left; null: they are not counted. */
  stock?: number | null;
}

/** `OwnOffers` of the API. */
export interface OwnOffers {
  productId: string;
  offers: OwnOfferView[];
}

/** `OwnerView` of the API. */
export interface OwnerView {
  id: MemberId;
  email: string;
}

/** Where to pay, how much, and until when the price holds. */
export interface PaymentAddress {
  /** Always true: a missing price is told by `quote_status`. */
  success: boolean;
  quote_status: QuoteStatus;
  /** `ok`, `quote_unavailable` or `settlement_unavailable`. */
  status_code: string;
  message?: string | null;
  /** The invoice's address on this network; null without a price. */
  temp_address?: string | null;
  network: Network;
  supported_token_id: TokenId;
  /** In whole tokens, as a decimal string; covers a moving price. */
  estimated_token_amount?: string | null;
  /** Tokens per dollar. */
  exchange_rate?: string | null;
  /** What the invoice is over; the estimate covers what is left of it. */
  usd_amount: UsdNumber;
  quote_last_updated_at?: number | null;
  quote_valid_until?: number | null;
  quote_expires_in_seconds?: number | null;
  /** Whether asking again may help; null if nothing is missing. */
  retryable?: boolean | null;
  retry_after_seconds?: number | null;
  ws_connection: WsConnection;
  /** A link that wallets open: EIP-681, Solana Pay, `ton://`, CIP-13 or Sui Payment Kit. */
  payment_uri?: string | null;
  /** An SVG image of that link's QR code, as a data URI. */
  qr_code?: string | null;
  /** Links that open one certain wallet; empty where no wallet documents one. */
  wallets: WalletLink[];
  /**
   * What wallets in the browser call the network, where `solana-transaction` composes what they
   * sign: `solana:mainnet` or `solana:devnet`; null where they need none, or there is no node.
   */
  wallet_chain?: string | null;
}

/** `PaymentAddressRequest` of the API. */
export interface PaymentAddressRequest {
  /** One of the ten networks, in lower case. */
  network: Network;
  /** A token of that network, from `available-tokens`. */
  tokenId: number;
}

/** `PaymentId` of the API. */
export type PaymentId = string;

/** The price of what is left to pay on an invoice, as its payor's stream tells it. */
export interface PaymentQuote {
  /** Always `payment_quote`. */
  object: string;
  /** The quote; the invoice, while no quote fits what is left to pay. */
  id: string;
  /** `unavailable` once the amount changed: ask for addresses again to lock a new price. */
  status: QuoteStatus;
  invoice_id: InvoiceId;
  /** The network of the quote, or the one that the first payment bound the payor to. */
  network?: Network | null;
  currency: string;
  /** In thousandths of a dollar; never below zero. */
  amount_remaining: number;
  amount_remaining_decimal: string;
  amount_unit: string;
  token_id?: TokenId | null;
  /** In whole tokens, as a decimal string. */
  token_amount?: string | null;
  /** Tokens per dollar. */
  exchange_rate?: string | null;
  /** Epoch seconds. */
  quote_valid_until?: number | null;
}

/** Ready-made headers for the payor routes. */
export interface PaymentSessionHeaders {
  "x-session-token": string;
  "x-signature": string;
}

/** Codes are stored, so variants are only ever appended. */
export type PaymentStatus = "pending" | "underpaid" | "confirmed" | "manual_retry" | "reverted";

/** How far the invoice is, for clients that poll. */
export interface PaymentStatusView {
  status: InvoiceStatus;
  /** Epoch seconds; null until the invoice is paid. */
  paid_at?: number | null;
  invoice_id: InvoiceId;
  amount_usd: UsdNumber;
  /** Confirmed, overpayment included. */
  amount_paid_usd: UsdNumber;
  amount_remaining_usd: UsdNumber;
  amount_overpaid_usd: UsdNumber;
  /** Seen on chain, and not deep enough to count yet. */
  amount_pending_usd: UsdNumber;
  expires_at: number;
  /** The newest payment, counted or not; null before the first. */
  latest_payment?: PayorPayment | null;
}

/** One on-chain transfer, as its payor sees it. */
export interface PayorPayment {
  id: PaymentId;
  status: PaymentStatus;
  network: Network;
  /** Null for a token that is not known here. */
  token_id?: TokenId | null;
  token_symbol?: string | null;
  /** In whole tokens, as a decimal string. */
  token_amount?: string | null;
  amount_usd: UsdNumber;
  tx_hash: string;
  /** Where a human can look the transaction up. */
  explorer_url: string;
  confirmations: number;
  required_confirmations: number;
  /** Arrived after the pay-by time. */
  late: boolean;
  /** Adds to what is paid once it is confirmed. */
  counted: boolean;
  created_at: number;
}

/** `PayoutId` of the API. */
export type PayoutId = string;

/** `PayoutList` of the API. */
export interface PayoutList {
  object: string;
  data: RampPayout[];
  has_more: boolean;
}

/** How money is sent. The words are stored and shown. */
export type PayoutMethod = "ach" | "wire" | "sepa" | "sepa_instant" | "faster_payments" | "pix" | "spei" | "imps" | "neft" | "fpx" | "instapay" | "bi_fast" | "nip" | "mobile_money" | "eft" | "npp" | "fast" | "fps" | "zengin" | "promptpay" | "napas" | "raast" | "transferencia" | "local" | "swift";

/** `PayoutStatus` of the API. */
export type PayoutStatus = "created" | "funds_reserved" | "in_review" | "submitted" | "paid" | "returned" | "failed" | "canceled";

/** Payments that wait to be settled together, and why they wait. */
export interface PendingSettlement {
  network: Network;
  token_id: TokenId;
  token_symbol?: string | null;
  /** The receiver their invoices name; null: the settlement wallet. */
  receiver_override_address?: string | null;
  /** At least so many: a look is bounded. */
  payments: number;
  amount_usd: UsdNumber;
  reason: Wait;
}

/** `PepayEventData` of the API. */
export interface PepayEventData {
  /** The whole object, as its own route answers it; always has `object`, `id` and `status`. */
  object: Record<string, unknown>;
  /** Of an update: the top-level fields that changed, with their values before. */
  previous_attributes?: Record<string, unknown>;
}

/** The request that caused an event; both are null if no request did. */
export interface PepayEventRequest {
  id?: string | null;
  idempotency_key?: string | null;
}

/** What a transfer does to its accounts. Codes are stored, so variants are only ever appended. */
export type Phase = "posted" | "reserved" | "captured" | "released";

/** `PlanQuestion` of the API. */
export interface PlanQuestion {
  environment: Environment;
  network: Network;
}

/** A transfer that the operator is to sign. */
export interface PlannedTransfer {
  id: SendId;
  settlement_id?: number | null;
  refund_id?: string | null;
  environment: Environment;
  network: Network;
  address: string;
  derivation_path?: string | null;
  token?: string | null;
  token_address?: string | null;
  amount?: string | null;
  amount_base: string;
  destination: string;
}

/** `PolicyView` of the API. */
export interface PolicyView {
  acceptance_policy: AcceptancePolicy;
  environment: Environment;
}

/** `PostalAddress` of the API. */
export interface PostalAddress {
  first_name: string;
  last_name: string;
  street_address: string;
  address_line2?: string | null;
  city: string;
  state?: string | null;
  zip_code: string;
  /** Alpha-2. */
  country: string;
  phone?: string | null;
  email?: string | null;
}

/** One side of a posting. */
export interface Posting {
  account: AccountKind;
  user_id?: string | null;
  /** The account's balance right after, in whole units. */
  balance_after: string;
}

/** `PriceCount` of the API. */
export interface PriceCount {
  /** In USD, inclusive. */
  from: UsdNumber;
  /** In USD, exclusive; null: no end. */
  below?: UsdNumber | null;
  count: number;
}

/** `ProductAvailability` of the API. */
export type ProductAvailability = "available" | "unavailable";

/** A product of your catalog. */
export interface ProductBody {
  /** Your own number of it: 1 to 128 bytes without spaces. */
  productId?: string | null;
  title: string;
  description?: string | null;
  brand?: string | null;
  categories?: string[];
  /** HTTPS; the first one is shown in lists. */
  images?: string[];
  /** Its page in your shop; HTTPS. */
  url?: string | null;
  bullets?: string[];
  attributes?: Record<string, string>;
  /** In stars, 0 to 5, at most two decimals. */
  rating?: number | null;
  reviewCount?: number;
  parentId?: string | null;
  /** What makes it this variant: size, colour. */
  variantSpecifics?: Specific[];
  variants?: Variant[];
  /** The ways to buy it; without one it is not found by shoppers. */
  offers?: OfferBody[];
}

/** `ProductDetail` of the API. */
export interface ProductDetail {
  name: string;
  value: string;
}

/** A product in full. */
export interface ProductDetails {
  productId: string;
  retailer: Retailer;
  title: string;
  /** Of the best offer, in USD; null: nobody sells it now. */
  price?: UsdNumber | null;
  /** What the best offer takes for sending it, in USD. */
  shipPrice?: UsdNumber | null;
  images: string[];
  mainImage?: string | null;
  description?: string | null;
  bullets: string[];
  productDetails: ProductDetail[];
  brand?: string | null;
  categories: string[];
  /** In stars, 0 to 5. */
  rating?: UsdNumber | null;
  reviewCount: number;
  url?: string | null;
  /** The product this is a variant of. */
  parentId?: string | null;
  /** What makes it this variant: size, colour. */
  variantSpecifics: Specific[];
  variants: Variant[];
  availability: ProductAvailability;
  numOffers: number;
}

/** `ProductOffers` of the API. */
export interface ProductOffers {
  productId: string;
  retailer: Retailer;
  /** Best first. */
  offers: OfferView[];
}

/** `ProductPage` of the API. */
export interface ProductPage {
  products: ProductView[];
  hasMore: boolean;
}

/** The fields to change; absent ones stay as they are, null clears what may be missing. */
export interface ProductPatch {
  title?: string;
  description?: string | null;
  brand?: string | null;
  categories?: string[];
  images?: string[];
  url?: string | null;
  bullets?: string[];
  attributes?: Record<string, string>;
  rating?: number | null;
  reviewCount?: number;
  parentId?: string | null;
  variantSpecifics?: Specific[];
  variants?: Variant[];
  /** In place of all before: an offer that is not named any more is gone. */
  offers?: OfferBody[];
}

/** `ProductView` of the API. */
export interface ProductView {
  /** Your own number of it. */
  productId: string;
  /** Always `other`: your own catalog. */
  retailer: Retailer;
  title: string;
  description?: string | null;
  brand?: string | null;
  categories: string[];
  images: string[];
  url?: string | null;
  bullets: string[];
  attributes: Record<string, string>;
  /** In stars, 0 to 5. */
  rating?: UsdNumber | null;
  reviewCount: number;
  parentId?: string | null;
  /** What makes it this variant: size, colour. */
  variantSpecifics: Specific[];
  variants: Variant[];
  offers: OwnOfferView[];
  /** Epoch seconds. */
  createdAt: number;
  /** Epoch seconds. */
  updatedAt: number;
}

/** `PutAllowList` of the API. */
export interface PutAllowList {
  /** `required` works at once, `off` after the delay of a new destination. */
  allow_list: AllowListChoice;
  /** The account's current one if absent. */
  environment?: Environment | null;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** `PutSettlementPreference` of the API. */
export interface PutSettlementPreference {
  settlement_preference: SettlementPreference;
}

/** `PutSettlementToken` of the API. */
export interface PutSettlementToken {
  /** One of `available_stable_tokens`; null: the system's default. */
  settlement_token_id: number | null;
}

/** `PutSettlementWallet` of the API. */
export interface PutSettlementWallet {
  network: Network;
  address: string;
  /** The account's current one if absent. */
  environment?: Environment | null;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** `Question` of the API. */
export interface Question {
  id: string;
  question: string;
  /** What kind of answer is expected: `text`, `email`, `number`, `tel` or `url`. */
  type: string;
  validation?: QuestionValidation;
}

/** `QuestionValidation` of the API. */
export interface QuestionValidation {
  required?: boolean;
}

/** `Questions` of the API. */
export interface Questions {
  questions: Question[];
}

/** `QuoteId` of the API. */
export type QuoteId = string;

/** What is to leave the balance: any token or bank money there may be in one. */
export interface QuoteSource {
  /** A token. Either this or `currency`. */
  token_id?: number | null;
  /** Bank money. */
  currency?: Currency | null;
  /**
   * In whole units, or `all`: whatever the user has of it now, even below the corridor's least.
   * Either this or the target's amount.
   */
  amount?: string | null;
}

/** `QuoteStatus` of the API. */
export type QuoteStatus = "available" | "unavailable" | "expired";

/** What is to reach the bank account. */
export interface QuoteTarget {
  /** In whole units of the currency. */
  amount: string;
}

/** A price for an amount of USD in one token, locked until `valid_until`. */
export interface QuoteView {
  object: string;
  /** Null while no price is available: then nothing is locked. */
  id?: QuoteId | null;
  environment: Environment;
  amount_usd: UsdNumber;
  network: Network;
  token_id: TokenId;
  /** In whole tokens, as a decimal string. */
  token_amount?: string | null;
  /** Tokens per dollar. */
  exchange_rate?: string | null;
  fee_usd: UsdNumber;
  status: QuoteStatus;
  created_at: number;
  valid_until?: number | null;
}

/** An address of a ramp user. */
export interface RampAddress {
  /** `deposit_address` or `liquidation_address`. */
  object: string;
  id: RampAddressId;
  user_id: RampUserId;
  environment: Environment;
  network: Network;
  token_id: TokenId;
  symbol?: string | null;
  address: string;
  /** Where what arrives is paid out to. */
  bank_account_id?: BankAccountId | null;
  created_at: number;
}

/** `RampAddressId` of the API. */
export type RampAddressId = string;

/** `RampAddressList` of the API. */
export interface RampAddressList {
  /** Always `list`. */
  object: string;
  data: RampAddress[];
  has_more: boolean;
}

/** `RampBalanceList` of the API. */
export interface RampBalanceList {
  /** Always `list`. */
  object: string;
  data: Balance[];
  has_more: boolean;
}

/** Money that reached a user's balance. */
export interface RampDeposit {
  /** Always `ramp_deposit`. */
  object: string;
  id: RampDepositId;
  user_id: RampUserId;
  environment: Environment;
  kind: DepositKind;
  status: DepositStatus;
  /** Null for bank money. */
  network?: Network | null;
  token_id?: TokenId | null;
  /** The token's symbol, or the currency's three letters. */
  symbol?: string | null;
  /** In whole units. */
  amount: string;
  /** In the smallest unit. */
  amount_base: string;
  /** The invoice it came from. */
  invoice_id?: InvoiceId | null;
  /** The deposit address or virtual account it came to. */
  source_id?: string | null;
  tx_hash?: string | null;
  created_at: number;
  updated_at: number;
}

/** `RampDepositId` of the API. */
export type RampDepositId = string;

/** `RampDepositList` of the API. */
export interface RampDepositList {
  /** Always `list`. */
  object: string;
  data: RampDeposit[];
  has_more: boolean;
}

/** Why money did not reach whom it was meant for. Never a provider's own words. */
export type RampFailure = "bank_rejected" | "account_invalid" | "account_closed" | "name_mismatch" | "compliance_refused" | "limit_exceeded" | "route_unavailable" | "declined_on_review";

/** What a user had in his balance on its way to a bank account. */
export interface RampPayout {
  /** Always `ramp_payout`. */
  object: string;
  id: PayoutId;
  status: PayoutStatus;
  environment: Environment;
  user_id: RampUserId;
  bank_account_id: BankAccountId;
  quote_id: RampQuoteId;
  /** The deposit to a liquidation address it follows from. */
  deposit_id?: RampDepositId | null;
  country: Country;
  method: PayoutMethod;
  /** What leaves the balance, the fee included. */
  source: RampSource;
  /** In whole units of the source. */
  fee: string;
  fee_base: string;
  /** What the bank account gets. */
  target: RampTarget;
  /** Units of the currency for one whole unit of the source. */
  rate: string;
  /** What was really paid, as far as the bank's side told; null before. */
  settled?: RampPayoutSettled | null;
  /** Why it failed or came back. */
  failure_reason?: RampFailure | null;
  paid_at?: number | null;
  created_at: number;
  updated_at: number;
}

/** What came of a payout in the end. */
export interface RampPayoutSettled {
  /** What the bank account got, in whole units of the target's currency. */
  amount?: string | null;
  amount_base?: string | null;
  /** How much more than the target it got; below zero: how much less. */
  difference?: string | null;
  /** Units of the currency for one unit of what was given for it. */
  rate?: string | null;
  /** What moving it cost the house, in whole units of what was given for it. */
  provider_fee?: string | null;
}

/** A price for a payout, held still for five minutes. */
export interface RampQuote {
  /** Always `ramp_quote`. */
  object: string;
  id: RampQuoteId;
  status: RampQuoteStatus;
  environment: Environment;
  user_id?: RampUserId | null;
  bank_account_id?: BankAccountId | null;
  country: Country;
  method: PayoutMethod;
  /** What leaves the balance, the fee included. */
  source: RampSource;
  /** In whole units of the source. */
  fee: string;
  fee_base: string;
  /** What the bank account gets. */
  target: RampTarget;
  /** Units of the currency for one whole unit of the source. */
  rate: string;
  /** The payout that used it. */
  payout_id?: PayoutId | null;
  created_at: number;
  expires_at: number;
}

/** `RampQuoteId` of the API. */
export type RampQuoteId = string;

/** `RampQuoteStatus` of the API. */
export type RampQuoteStatus = "available" | "used" | "expired";

/** Credentials of one user. No `Debug`: whoever has them is him. */
export interface RampSessionView {
  /** Always `ramp_session`. */
  object: string;
  user_id: RampUserId;
  /** The header `x-session-token`. */
  session_token: string;
  /** The header `x-signature`. */
  signature: string;
  /** Epoch seconds. */
  expires_at: number;
}

/** What leaves a balance. */
export interface RampSource {
  /** Null for bank money. */
  network?: Network | null;
  token_id?: TokenId | null;
  /** The token's symbol, or the currency's three letters. */
  symbol?: string | null;
  /** In whole units. */
  amount: string;
  amount_base: string;
}

/** What a bank account gets, or gave. */
export interface RampTarget {
  currency: Currency;
  /** In whole units. */
  amount: string;
  amount_base: string;
}

/** One posting that concerns a user: what it did to his balance. */
export interface RampTransaction {
  /** Always `ramp_transaction`. */
  object: string;
  id: TransferId;
  user_id: RampUserId;
  environment: Environment;
  /** Why it was made. */
  type: TransferReason;
  /** `reserved` and `released` promise money and take that back; the others move it. */
  phase: Phase;
  /** Null for bank money. */
  network?: Network | null;
  token_id?: TokenId | null;
  /** The token's symbol, or the currency's three letters. */
  symbol?: string | null;
  /** What it added to the balance, in whole units; below zero what it took. */
  amount: string;
  /** The same in the smallest unit. */
  amount_base: string;
  /** What it added to what is promised, in whole units. */
  reserved_amount: string;
  /** The balance right after, in whole units. */
  balance_after: string;
  /** The id of the deposit, payout or payment it belongs to. */
  source: string;
  created_at: number;
}

/** `RampTransactionList` of the API. */
export interface RampTransactionList {
  /** Always `list`. */
  object: string;
  data: RampTransaction[];
  has_more: boolean;
}

/** Somebody a merchant moves money for. */
export interface RampUser {
  /** Always `ramp_user`. */
  object: string;
  id: RampUserId;
  status: UserStatus;
  environment: Environment;
  type: UserType;
  /** The merchant himself. */
  self: boolean;
  name: string;
  email?: string | null;
  country: Country;
  address?: PostalAddress | null;
  /** Your own id of him. */
  external_id?: string | null;
  /** A birth date is kept, sealed; only the export shows it. */
  has_birth_date: boolean;
  /** How many documents are kept, sealed; only the export shows them. */
  identification_count: number;
  kyc: RampUserKyc;
  created_at: number;
  updated_at: number;
}

/** Everything that is kept of a person. No `Debug`: it holds what is sealed elsewhere. */
export interface RampUserExport {
  /** Always `ramp_user_export`. */
  object: string;
  user: RampUser;
  birth_date?: string | null;
  identifications: Identification[];
  kyc_cases: KycCase[];
  bank_accounts: ExportedBankAccount[];
  deposits: RampDeposit[];
  balances: Balance[];
  transactions: RampTransaction[];
  quotes: RampQuote[];
  payouts: RampPayout[];
  onramps: Onramp[];
  deposit_addresses: RampAddress[];
  liquidation_addresses: RampAddress[];
  virtual_accounts: VirtualAccount[];
  /** Epoch seconds. */
  exported_at: number;
}

/** `RampUserId` of the API. */
export type RampUserId = string;

/** How well a user is known. */
export interface RampUserKyc {
  status: KycStatus;
  /** The level that is approved and has not expired. */
  level?: KycLevel | null;
  /** The level the latest case asks for. */
  requested_level?: KycLevel | null;
  case_id?: KycCaseId | null;
  /** Epoch seconds; when the approval ends. */
  expires_at?: number | null;
}

/** `RampUserList` of the API. */
export interface RampUserList {
  /** Always `list`. */
  object: string;
  data: RampUser[];
  has_more: boolean;
}

/** Today's price of one token. */
export interface Rate {
  object: string;
  token_id: TokenId;
  symbol: string;
  network: Network;
  environment: Environment;
  /** Dollars for one whole token. */
  usd: number;
  /** Tokens per dollar. */
  exchange_rate: string;
  updated_at: number;
}

/** `RateList` of the API. */
export interface RateList {
  object: string;
  data: Rate[];
  has_more: boolean;
}

/** How ready this process is to take traffic. */
export interface Readiness {
  /** `ready`, or `degraded` while a network is not being watched as it should. */
  status: string;
  database: string;
  watchers: WatcherReadiness[];
}

/** What became of a receipt's mail. */
export type ReceiptStatus = "pending" | "sent" | "refused" | "failed" | "unknown";

/** `RecoverWebhooks` of the API. */
export interface RecoverWebhooks {
  /**
   * The id of the last event you have, or a time that is itself included: epoch seconds or
   * milliseconds, or RFC 3339.
   */
  since: string;
}

/** `RefreshRequest` of the API. */
export interface RefreshRequest {
  refresh_token: string;
}

/** Tokens that go back to a payor. */
export interface Refund {
  object: string;
  id: RefundId;
  invoice_id: InvoiceId;
  merchant_id: MerchantId;
  environment: Environment;
  status: RefundStatus;
  /** Why it waits for somebody to approve it. */
  review_reason?: ReviewReason | null;
  destination: RefundDestination;
  token_id: TokenId;
  token_symbol?: string | null;
  /** In whole tokens, as a decimal string. */
  amount?: string | null;
  amount_base: string;
  amount_sent_base: string;
  amount_usd: UsdNumber;
  /** The payments it gives back of. */
  payment_ids: PaymentId[];
  tx_hashes: string[];
  /** Why it failed. */
  reason?: string | null;
  created_at: number;
  updated_at: number;
  sent_at?: number | null;
}

/** `RefundDestination` of the API. */
export interface RefundDestination {
  network: Network;
  address: string;
}

/** `RefundId` of the API. */
export type RefundId = string;

/** `RefundList` of the API. */
export interface RefundList {
  /** Always `list`. */
  object: string;
  data: Refund[];
  has_more: boolean;
}

/** `RefundStatus` of the API. */
export type RefundStatus = "in_review" | "created" | "submitted" | "sent" | "failed" | "canceled";

/** `ReleaseSend` of the API. */
export interface ReleaseSend {
  id: SendId;
  outcome: SendOutcome;
  /** With `sent`: the transaction, as its network writes it. */
  tx_hash?: string | null;
}

/** A member who is a member no more. */
export interface RemovedMember {
  /** Always `member`. */
  object: string;
  id: MemberId;
  /** Always true. */
  deleted: boolean;
}

/** `RemovedProduct` of the API. */
export interface RemovedProduct {
  productId: string;
  /** Always true. */
  deleted: boolean;
}

/** `ReorgAnswer` of the API. */
export interface ReorgAnswer {
  success: boolean;
  data: ReorgDone;
}

/** What a reorg replaced. */
export interface ReorgDone {
  network: Network;
  /** The first block that was replaced. */
  from_number: number;
  head_number: number;
  dropped: string[];
  /** Transactions that wait for the next block again. */
  moved: string[];
}

/** `ReorgRequest` of the API. */
export interface ReorgRequest {
  /** How many of the newest blocks are replaced: 1 to 256. */
  depth: number;
  /** Transactions in them that are gone for good; all others come back in the next block. */
  drop?: string[];
}

/** `Report` of the API. */
export interface Report {
  object: string;
  report: ReportKind;
  /** The first day. */
  from: string;
  /** The last day. */
  to: string;
  lines: ReportLine[];
  /** The same without days. */
  totals: ReportLine[];
}

/** What a report is about. */
export type ReportKind = "payments" | "settlements" | "refunds" | "fees" | "deposits" | "payouts" | "onramps";

/** One day, asset, type and status. */
export interface ReportLine {
  /** A day of UTC, `2026-11-21`; null in a total. */
  date?: string | null;
  type: TransferReason;
  status: LineStatus;
  /** Null for bank money. */
  network?: Network | null;
  token_id?: TokenId | null;
  symbol?: string | null;
  count: number;
  /** In whole units. */
  amount: string;
  amount_base: string;
}

/** `RequestMainnet` of the API. */
export interface RequestMainnet {
  /** Where your customers find you: http or https. */
  website: string;
  /** What you take payments for, up to 2000 bytes. */
  use_case: string;
}

/** `ResetRequest` of the API. */
export interface ResetRequest {
  email: string;
}

/** `ResolveAction` of the API. */
export type ResolveAction = "accept" | "refund";

/** `ResolveInvoice` of the API. */
export interface ResolveInvoice {
  action: ResolveAction;
  /** Of `refund`: the payment that goes back. */
  payment_id?: PaymentId | null;
  /** Of `refund`: an address on the network the payment came over. */
  destination_address?: string | null;
  /** Of `refund`: in whole tokens, as a decimal string; all that may go back if absent. */
  amount?: string | null;
}

/** `RestartWatcher` of the API. */
export interface RestartWatcher {
  environment: Environment;
  network: Network;
  /** `head`, or the number of the first block to look at. */
  from: string;
}

/** A watcher that begins anew. */
export interface Restarted {
  environment: Environment;
  network: Network;
  /** The last block it had looked at. */
  was_at: number;
  /** `head`, or the first block that is looked at now. */
  from: string;
  /** The network's newest block. */
  head: number;
}

/** `RestartedWatcher` of the API. */
export interface RestartedWatcher {
  success: boolean;
  data: Restarted;
}

/** What narrows a key further than its scope. */
export interface Restrictions {
  /** The key may read, but change nothing. */
  read_only?: boolean;
  /** Addresses or subnets (`203.0.113.0/24`) the key may be used from; empty: any. */
  ip_allow?: string[];
}

/** `Retailer` of the API. */
export type Retailer = "amazon" | "walmart" | "target" | "ebay" | "bestbuy" | "other";

/** `RetailerCount` of the API. */
export interface RetailerCount {
  retailer: Retailer;
  count: number;
}

/** `ReviewId` of the API. */
export type ReviewId = string;

/** Why a human has to look at something before it is sent. */
export type ReviewReason = "above_approval_amount" | "limit_reached";

/** `ReviewStatus` of the API. */
export type ReviewStatus = "open" | "approved" | "rejected";

/** What a member may do. */
export type Role = "support" | "developer" | "owner";

/** `RollApiKey` of the API. */
export interface RollApiKey {
  /** How long the old key still works, 0 to 604800; 0 if absent. */
  overlap_seconds?: number;
}

/** `RotateWebhookSecret` of the API. */
export interface RotateWebhookSecret {
  /** How long the old secret signs along, 0 to 604800; 86400 if absent. */
  overlap_seconds?: number | null;
}

/** What is to become of a case, chosen by its amount or by a simulator route. */
export type SandboxOutcome = "paid" | "failed" | "returned_later" | "returned" | "in_review" | "times_out" | "paid_when_asked" | "out_of_order" | "refused" | "lost" | "fiat_received" | "refunded";

/** What shall happen to the invoice. */
export type Scenario = "exact" | "under" | "over" | "late" | "expire" | "reorg";

/** A hit on a screening list, as the operator sees it. */
export interface ScreeningReview {
  /** Always `screening_review`. */
  object: string;
  id: ReviewId;
  merchant_id: MerchantId;
  environment: Environment;
  status: ReviewStatus;
  /** `ramp_user`, `bank_account`, `ramp_deposit`, `onramp` or `destination`. */
  subject_type: string;
  subject_id: string;
  address?: string | null;
  user_id?: RampUserId | null;
  /** The list and its line, or the gate that money did not pass. */
  matched: string;
  created_at: number;
  decided_at?: number | null;
}

/** `ScreeningReviewList` of the API. */
export interface ScreeningReviewList {
  /** Always `list`. */
  object: string;
  data: ScreeningReview[];
  has_more: boolean;
}

/** `SearchAnswer` of the API. */
export interface SearchAnswer {
  products: FoundProduct[];
  pagination: SearchPagination;
  /** Of your own catalog and the demo shops, on the first page only. */
  facets?: FacetsView | null;
  query: string;
  retailer?: Retailer | null;
  /** Words that nothing has, not even misspelt: it was searched for the others. */
  leftOut: string[];
  warnings: SearchWarning[];
}

/** `SearchPagination` of the API. */
export interface SearchPagination {
  page: number;
  limit: number;
  totalPages: number;
  totalResults: number;
  hasNext: boolean;
}

/** Something is missing from this answer. */
export interface SearchWarning {
  /** `RETAILER_UNAVAILABLE` or `INDEX_INCOMPLETE`. */
  code: string;
  message: string;
  retailer?: Retailer | null;
}

/** The token that is selected. */
export interface SelectedSettlementToken {
  id: TokenId;
  token_symbol: string;
  token_name: string;
  network: Network;
  token_address?: string | null;
  token_decimals: number;
  photo_uri?: string | null;
  /** The default of the system, because nothing was chosen. */
  is_default: boolean;
}

/** One outgoing transaction. */
export interface Send {
  object: string;
  id: SendId;
  status: SendStatus;
  network: Network;
  token_id: TokenId;
  token_symbol?: string | null;
  /** In whole tokens, as a decimal string. */
  amount?: string | null;
  amount_base: string;
  from_address: string;
  to_address: string;
  /** The transaction that counts, or the newest that was signed. */
  tx_hash?: string | null;
  /** How often it was signed: more than once if fees had to be raised. */
  attempts: number;
  /** What the network took, in its own coin's smallest unit. */
  fee_base?: string | null;
  /** Why it waits. */
  reason?: string | null;
  created_at: number;
  updated_at: number;
}

/** One outgoing transaction. */
export type SendId = string;

/** `SendOutcome` of the API. */
export type SendOutcome = "not_sent" | "sent";

/** `SendStatus` of the API. */
export type SendStatus = "held" | "planned" | "signed" | "broadcast" | "unknown" | "exported" | "confirmed" | "failed" | "canceled";

/** What the operator wants of a network. */
export type Sending = "paused" | "open";

/** What a payor may know of an invoice. */
export interface SessionDetails {
  invoice_id: InvoiceId;
  amount_usd: UsdNumber;
  /** What is left to pay; never below zero. */
  amount_remaining_usd: UsdNumber;
  amount_paid_usd: UsdNumber;
  description?: string | null;
  invoice_title?: string | null;
  invoice_footer?: string | null;
  /** Epoch seconds. */
  expires_at: number;
  invoice_status: InvoiceStatus;
  /** Milliseconds until the invoice expires; zero once it takes no payments. */
  remaining_time: number;
  /** The same in whole seconds. */
  remaining_seconds: number;
  merchant_name: string;
  merchant_email: string;
  merchant_logo_url?: string | null;
  network_environment: Environment;
  /** The network of the first payment; set only while the invoice is underpaid. */
  locked_network?: Network | null;
  /** The token of the first payment; set only while the invoice is underpaid. */
  locked_token_id?: TokenId | null;
  /** The address of the first payment; set only while the invoice is underpaid. */
  locked_payment_address?: string | null;
  /** Where the payor goes afterwards; null if the merchant wants no redirect. */
  payment_return_url?: string | null;
  /** Where the receipt goes. */
  customer_email?: string | null;
  /** Epoch seconds; null until the invoice is paid. */
  paid_at?: number | null;
  /** The receipt, to show and to keep; null until the invoice is paid. */
  receipt_url?: string | null;
  ws_connection: WsConnection;
}

/** `SetPolicy` of the API. */
export interface SetPolicy {
  acceptance_policy: AcceptancePolicy;
  /** For bearer tokens; without it the account's current one. */
  environment?: Environment | null;
}

/** `SetSending` of the API. */
export interface SetSending {
  environment: Environment;
  network: Network;
  sending: Sending;
}

/** How far a payment is settled to the merchant, in provider-neutral words. */
export interface Settlement {
  summary_status: SettlementStatus;
  stage: string;
  merchant_settlement_id?: number | null;
  settlement_tx_hash?: string | null;
  network?: Network | null;
  status: SettlementStatus;
}

/** A settlement's number, which merchants read as `merchant_settlement_id`. */
export type SettlementId = number;

/** A page of settlements, newest first, and on the first page what waits to become one. */
export interface SettlementList {
  /** Always `list`. */
  object: string;
  data: MerchantSettlement[];
  has_more: boolean;
  /** Confirmed payments that are not on their way yet, and why. */
  pending: PendingSettlement[];
}

/** What the operator is to sign. */
export interface SettlementPlan {
  object: string;
  data: PlannedTransfer[];
  has_more: boolean;
}

/** `SettlementPreference` of the API. */
export type SettlementPreference = "stables_only" | "stables_preferred" | "tokens";

/** `SettlementPreferenceView` of the API. */
export interface SettlementPreferenceView {
  object: string;
  settlement_preference: SettlementPreference;
  description: string;
  selected_settlement_token: SelectedSettlementToken;
  available_stable_tokens: AvailableSettlementToken[];
  /** Null while nothing was chosen. */
  updated_at?: number | null;
}

/** `SettlementState` of the API. */
export type SettlementState = "in_review" | "processing" | "settled" | "partially_settled" | "failed" | "canceled";

/** How far the money is on its way to the merchant. Codes are stored. */
export type SettlementStatus = "pending" | "processing" | "manual" | "failed" | "settled";

/** `SettlementTokenUpdated` of the API. */
export interface SettlementTokenUpdated {
  /** Always true. */
  success: boolean;
  message: string;
  settlement_token: SettlementTokenView;
  updated_at: number;
}

/** `SettlementTokenView` of the API. */
export interface SettlementTokenView {
  id: TokenId;
  token_symbol: string;
  token_name: string;
  network: Network;
}

/** Where a network's money is settled to. */
export interface SettlementWallet {
  object: string;
  environment: Environment;
  network: Network;
  /** `pending` until `usable_from`, then `active`. */
  status: string;
  address: string;
  usable_from: number;
  /** What is used while the new address is pending. */
  address_until_then?: string | null;
  created_at: number;
  updated_at: number;
}

/** `SettlementWalletList` of the API. */
export interface SettlementWalletList {
  /** Always `list`. */
  object: string;
  data: SettlementWallet[];
  /** Always false: there is at most one a network. */
  has_more: boolean;
}

/** `ShipmentId` of the API. */
export type ShipmentId = string;

/** `ShippingAddressId` of the API. */
export type ShippingAddressId = string;

/** `SignInRequest` of the API. */
export interface SignInRequest {
  email: string;
  password: string;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** A challenge, signed. */
export interface SignedChallenge {
  /** As the challenge said. */
  challengeId: string;
  /** Hex for EVM wallets, base58 for Solana. */
  signature: string;
  walletAddress: string;
  walletType: WalletType;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** Tokens of a member who has signed in. */
export interface SignedIn {
  /** Send it as `Authorization: Bearer`. */
  access_token: string;
  /** Always `Bearer`. */
  token_type: string;
  /** Milliseconds until the access token ends. */
  expires_in: number;
  /** Works once: each refresh gives a new one. */
  refresh_token: string;
  member: MemberView;
}

/** `SimulateRamp` of the API. */
export interface SimulateRamp {
  /**
   * Of a payout: `paid`, `failed`, `returned` or `in_review`. Of an on-ramp: `fiat_received`,
   * `failed` or `refunded`. Of a virtual account: `fiat_received`.
   */
  outcome: SandboxOutcome;
  /** What came in on a virtual account, in whole units of its currency. */
  amount?: string | null;
}

/** `SimulatedAnswer` of the API. */
export interface SimulatedAnswer {
  success: boolean;
  /** The object as it is now; the worker takes it from here. */
  data: Record<string, unknown>;
}

/** A simulated chain as it is now. */
export interface SimulatedNetwork {
  network: Network;
  environment: Environment;
  head_number: number;
  /** Epoch seconds. */
  head_time: number;
  /** Milliseconds between two blocks. */
  block_time_ms: number;
  /** Blocks that make a payment final, its own included. */
  required_confirmations: number;
  /** How the chain's node behaves at the moment. */
  rpc: string;
}

/** `SimulatedNetworkAnswer` of the API. */
export interface SimulatedNetworkAnswer {
  success: boolean;
  data: SimulatedNetwork;
}

/** A transfer on its way into the next block. */
export interface SimulatedTransfer {
  tx_hash: string;
  log_index?: number | null;
  block_number?: number | null;
  from: string;
  to: string;
  amount: string;
}

/** What was done. */
export interface Simulation {
  scenario: Scenario;
  /** The transaction that was sent, or removed; null if none was. */
  tx_hash?: string | null;
  network?: Network | null;
  token_id?: TokenId | null;
  to?: string | null;
  /** In whole tokens, as a decimal string. */
  amount?: string | null;
  /** The block that includes the transaction, or included it. */
  block_number?: number | null;
}

/** `SimulationAnswer` of the API. */
export interface SimulationAnswer {
  success: boolean;
  data: Simulation;
}

/** `SimulationRequest` of the API. */
export interface SimulationRequest {
  scenario: Scenario;
  /** Whole tokens as a decimal string, instead of the scenario's own amount. */
  amount?: string | null;
  /** Default: the network of the newest quote. */
  network?: Network | null;
  /** Default: the token of the newest quote. */
  token_id?: number | null;
}

/** A transaction to be signed and sent by the payor's wallet. */
export interface SolanaTransaction {
  /** In base64, with room for the payer's signature; for `solana:signAndSendTransaction`. */
  transaction: string;
  /** What wallets call the network: `solana:mainnet` or `solana:devnet`. */
  chain: string;
  /** No block above this height takes it: ask for another one then. */
  last_valid_block_height: number;
  /** What it pays, in whole tokens: the amount that the newest price came to. */
  amount: string;
  /** Where to: the invoice's address, which the transaction also names as its reference. */
  temp_address: string;
  supported_token_id: TokenId;
}

/** `SolanaTransactionRequest` of the API. */
export interface SolanaTransactionRequest {
  /** The account that pays: the wallet's own, which signs and pays the fee. */
  payer: string;
  /** A token of Solana whose address and price were asked for with `payment-addresses`. */
  tokenId: number;
}

/** One property that variants differ in. */
export interface Specific {
  dimension: string;
  value: string;
}

/** `StartKyc` of the API. */
export interface StartKyc {
  /** What the user is to be approved for. */
  level: KycLevel;
}

/** One of the two. */
export interface StockBody {
  /** How many pieces there are. */
  quantity?: number;
  /** How many more there are, or fewer. */
  change?: number;
}

/** `StockView` of the API. */
export interface StockView {
  offerId: OfferId;
  /** How many pieces are left. */
  quantity: number;
}

/** Which of the two merchant streams. */
export type StreamScope = "merchant" | "commerce";

/** What an order waits for within its status. */
export type Substatus = "AWAITING_SETTLEMENT" | "PROVIDER_PLACEMENT_SUBMITTED" | "AWAITING_TRACKING" | "IN_TRANSIT" | "CANCELLATION_REQUESTED" | "REFUND_PENDING" | "REFUNDED";

/** `TitlePiece` of the API. */
export interface TitlePiece {
  text: string;
  isMatch: boolean;
}

/** One token on one network, and what the merchant makes of it. */
export interface Token {
  id: TokenId;
  token_symbol: string;
  token_name: string;
  /** Null for a native coin. */
  token_address?: string | null;
  token_decimals: number;
  network: Network;
  network_environment: Environment;
  token_type: TokenType;
  /** Always false: every invoice has addresses of its own. */
  requires_memo: boolean;
  photo_uri?: string | null;
  supports_subscriptions: boolean;
  /** Keeps its value, so settlement can be in it. */
  supports_stable_settlement: boolean;
  is_active: boolean;
  /** Transfers of it are seen at once. */
  is_monitored: boolean;
  /** The merchant takes no payments in it. */
  is_blocked: boolean;
  /** Null while there is no price: then it cannot be paid with. */
  price?: TokenPrice | null;
}

/** `TokenBlocked` of the API. */
export interface TokenBlocked {
  success: boolean;
  blocked: boolean;
}

/**
 * Names a token for ever; mainnet counts from 1, devnet from 1001, what an operator adds from
 * 100,000.
 */
export type TokenId = number;

/** `TokenList` of the API. */
export interface TokenList {
  acceptance_policy: AcceptancePolicy;
  environment: Environment;
  tokens: Token[];
}

/** `TokenPrice` of the API. */
export interface TokenPrice {
  /** Dollars for one whole token. */
  usd: number;
  last_updated_at: number;
  provider_type: string;
}

/** `TokenSearchPage` of the API. */
export interface TokenSearchPage {
  acceptance_policy: AcceptancePolicy;
  environment: Environment;
  tokens: Token[];
  /** How many match, on all pages. */
  total: number;
  limit: number;
  offset: number;
}

/** The standard a token follows on its network. */
export type TokenType = "native" | "erc20" | "spl" | "sui" | "ton" | "cardano";

/** A success that says in words what was done. */
export interface ToldCommerceAddressRemoved {
  /** Always true. */
  success: boolean;
  message: string;
  data: {
    addressId: ShippingAddressId;
  };
}

/** A success that says in words what was done. */
export interface ToldCommerceCart {
  /** Always true. */
  success: boolean;
  message: string;
  /** A shopper's cart, at the prices its items were put in with. */
  data: {
    merchantId: MerchantId;
    networkEnvironment: Environment;
    customerId?: string | null;
    walletAddress?: string | null;
    walletNetwork?: Network | null;
    items: CommerceCartItem[];
    subtotal: UsdNumber;
    /** How many different things. */
    itemCount: number;
    /** How many pieces of all of them. */
    totalQuantity: number;
    /** Epoch seconds; null before anything was put in. */
    createdAt?: number | null;
    updatedAt?: number | null;
  };
}

/** A success that says in words what was done. */
export interface ToldCommerceCartCleared {
  /** Always true. */
  success: boolean;
  message: string;
  data: {
    itemsRemoved: number;
  };
}

/** A success that says in words what was done. */
export interface ToldCommerceCartItemAdded {
  /** Always true. */
  success: boolean;
  message: string;
  data: {
    itemId: CartItemId;
    /** How many of it are in the cart now. */
    quantity: number;
    /** It was in the cart already, and there are more of it now. */
    updated: boolean;
  };
}

/** A success that says in words what was done. */
export interface ToldCommerceCartItemRemoved {
  /** Always true. */
  success: boolean;
  message: string;
  data: {
    itemId: CartItemId;
    title: string;
  };
}

/** A success that says in words what was done. */
export interface ToldCommerceCartItemUpdated {
  /** Always true. */
  success: boolean;
  message: string;
  data: {
    itemId: CartItemId;
    quantity: number;
    /** Epoch seconds. */
    updatedAt: number;
  };
}

/** `Total` of the API. */
export interface Total {
  /** In thousandths of a dollar. */
  amount: number;
  amount_decimal: string;
  /** How many invoices. */
  count: number;
}

/** `TotalsByStatus` of the API. */
export interface TotalsByStatus {
  all: Total;
  paid: Total;
  unpaid: Total;
  underpaid: Total;
  expired: Total;
  canceled: Total;
}

/** A seed for an authenticator app. Shown once. */
export interface TotpEnrolment {
  /** The seed in base32, to type in. */
  secret: string;
  /** The same as a link, to show as a QR code. */
  otpauth_uri: string;
}

/** `TransferAnswer` of the API. */
export interface TransferAnswer {
  success: boolean;
  data: SimulatedTransfer;
}

/** `TransferId` of the API. */
export type TransferId = string;

/** Why a transfer was made. Codes are stored, so variants are only ever appended. */
export type TransferReason = "payment_confirmed" | "payment_held" | "payment_reverted" | "payment_accepted" | "payment_restored" | "settlement" | "settlement_fee" | "network_fee" | "refund" | "deposit" | "deposit_reverted" | "user_credit" | "payout" | "payout_fee" | "payout_returned" | "conversion" | "fiat_received" | "fiat_refunded" | "onramp" | "onramp_fee" | "escrow" | "payout_difference" | "dust_forfeited" | "settlement_reverted" | "refund_reverted" | "network_fee_reverted";

/** `TransferRequest` of the API. */
export interface TransferRequest {
  to: string;
  /** Whole tokens as a decimal string, of up to 78 digits. */
  amount: string;
  /** The token to pay with; without it and without `token_address`, the native coin. */
  token_id?: number | null;
  /** The contract to pay with instead; it need not be a known one. */
  token_address?: string | null;
  /** How many decimals an unknown token has; 18 if not given. */
  decimals?: number | null;
  /** Who pays; default: one fixed payer. */
  from?: string | null;
  /** Includes the transaction in a block, but lets it fail. */
  fail?: boolean | null;
}

/** `UnlinkWallet` of the API. */
export interface UnlinkWallet {
  walletAddress: string;
  walletType: WalletType;
  /** Your current password. */
  password: string;
  /** The six digits of the authenticator app, where one is enrolled. */
  totp?: string | null;
}

/** `UnmatchedId` of the API. */
export type UnmatchedId = string;

/** `UnmatchedList` of the API. */
export interface UnmatchedList {
  object: string;
  data: UnmatchedView[];
  has_more: boolean;
}

/** Why a transfer matched nothing. */
export type UnmatchedReason = "wrong_network" | "amount_too_large" | "unknown_token";

/** A transfer of the inbox, as REST shows it. */
export interface UnmatchedView {
  object: string;
  id: UnmatchedId;
  merchant_id: MerchantId;
  status: string;
  reason: UnmatchedReason;
  environment: Environment;
  network: Network;
  /** Null if the address is a ramp user's. */
  invoice_id?: InvoiceId | null;
  tx_hash: string;
  from_address?: string | null;
  to_address: string;
  /** The contract of the token; null for the native coin. */
  token_address?: string | null;
  /** Base units; null if the amount does not fit 128 bits. */
  token_amount_base?: string | null;
  block_number: number;
  created_at: number;
}

/** The fields to change. */
export interface UpdateProfile {
  /** For bearer tokens; default: the account's current one. A key has its own. */
  environment?: Environment | null;
  company_name?: string;
  /** Owners only. */
  email?: string;
  /** Owners only. Where payors go after paying, https only; null clears it. */
  default_payment_return_url?: string | null;
  /** Of the caller's environment only. */
  tolerance_bps?: number;
  /** Of the caller's environment only; at most three decimals. */
  tolerance_max_usd?: number;
  /**
   * Owners only. At most 20 origins like `https://shop.example`; on devnet also
   * `http://localhost:PORT`.
   */
  embed_origins?: string[];
  /** Https only; null clears it. */
  logo_url?: string | null;
  /** Like `#1a2b3c`; null clears it. */
  brand_color?: string | null;
  /** Like `#1a2b3c`; null clears it. */
  accent_color?: string | null;
}

/** The fields to change. No `Debug`: it holds what identifies a person. */
export interface UpdateRampUser {
  name?: string;
  /** Null clears it. */
  email?: string | null;
  country?: Country;
  /** Null clears it. */
  address?: PostalAddress | null;
  birth_date?: string;
  /** In place of all before. */
  identifications?: Identification[];
}

/** The fields to change. */
export interface UpdateWebhookEndpoint {
  url?: string;
  /** Null clears it. */
  description?: string | null;
  enabled_events?: string[];
  /** Off, it hears of nothing and what still waits is given up; on again, of what comes then. */
  status?: EndpointStatus;
}

/** Serializes an amount as a JSON number of its shortest decimal text, without a float. */
export type UsdNumber = number;

/** `UserStatus` of the API. */
export type UserStatus = "active" | "in_review" | "blocked" | "closed";

/** `UserType` of the API. */
export type UserType = "individual" | "business";

/** Another product that is the same thing in another size or colour. */
export interface Variant {
  productId: string;
  specifics: Specific[];
}

/** A verification job. */
export interface VerificationAnswer {
  success: boolean;
  data: VerificationView;
}

/** `VerificationError` of the API. */
export interface VerificationError {
  code: string;
  message: string;
}

/** `VerificationId` of the API. */
export type VerificationId = string;

/** `VerificationRequest` of the API. */
export interface VerificationRequest {
  /** The network to look at; default: the one that is paid on, or the only one with an address. */
  network?: Network | null;
  /** The transaction to look up; without it the invoice's address is searched. */
  tx_hash?: string | null;
}

/** `VerificationResult` of the API. */
export interface VerificationResult {
  /** Payments the look found that were not recorded before. */
  payments_found: number;
}

/** `VerificationStatus` of the API. */
export type VerificationStatus = "pending" | "completed" | "failed";

/** A manual verification job, as the payor's client reads it. */
export interface VerificationView {
  object: string;
  id: VerificationId;
  invoice_id: InvoiceId;
  network: Network;
  job_status: VerificationStatus;
  status: VerificationStatus;
  attempt_count: number;
  max_attempts: number;
  next_attempt_at?: number | null;
  created_at: number;
  updated_at: number;
  completed_at?: number | null;
  result?: VerificationResult | null;
  error?: VerificationError | null;
}

/** Bank details of a user's own. */
export interface VirtualAccount {
  /** Always `virtual_account`. */
  object: string;
  id: VirtualAccountId;
  user_id: RampUserId;
  environment: Environment;
  status: VirtualAccountStatus;
  currency: Currency;
  /** What the user gets for what comes in. */
  network: Network;
  token_id: TokenId;
  /** Where to send bank money; null while it is being opened. */
  instructions?: FiatInstructions | null;
  failure_reason?: RampFailure | null;
  created_at: number;
  updated_at: number;
}

/** `VirtualAccountId` of the API. */
export type VirtualAccountId = string;

/** `VirtualAccountList` of the API. */
export interface VirtualAccountList {
  /** Always `list`. */
  object: string;
  data: VirtualAccount[];
  has_more: boolean;
}

/** `VirtualAccountStatus` of the API. */
export type VirtualAccountStatus = "pending" | "active" | "failed";

/** Why nothing is done. */
export type Wait = "no_settlement_wallet" | "wallet_not_usable_yet" | "no_route" | "below_minimum" | "fee_too_high" | "network_paused" | "balance_used_elsewhere" | "receiver_not_allowed" | "due";

/** A link that opens one wallet with the payment filled in. */
export interface WalletLink {
  /** What the wallet is called. */
  name: string;
  /** Opens the wallet, or the page of its makers where it is not installed. */
  url: string;
  /** The same by the app's own scheme, where it has one; does nothing if it is not installed. */
  app_url?: string | null;
}

/** Which kind of wallet signs. */
export type WalletType = "ethereum" | "solana";

/** `WatchTransaction` of the API. */
export interface WatchTransaction {
  environment: Environment;
  network: Network;
  /** As its network writes it. */
  tx_hash: string;
}

/** A transfer of the transaction to an address of ours. */
export interface Watched {
  /** The invoice it is for; null where the address is a ramp user's. */
  invoice_id?: InvoiceId | null;
  /** The ramp user's address it is for. */
  ramp_address_id?: RampAddressId | null;
  to_address: string;
  /** The transfer's place in its transaction. */
  ordinal: number;
  /** In base units; null if it does not fit 128 bits. */
  amount_base?: string | null;
  block_number: number;
  /** False if it had been recorded before. */
  is_new: boolean;
}

/** `WatchedList` of the API. */
export interface WatchedList {
  success: boolean;
  /** The transaction's transfers to addresses of this deployment. */
  data: Watched[];
}

/** `WatcherReadiness` of the API. */
export interface WatcherReadiness {
  environment: Environment;
  network: Network;
  /** How far behind the chain's clock the watcher is; null before its first look. */
  lag_seconds?: number | null;
}

/** An endpoint that was taken away. */
export interface WebhookEndpointDeleted {
  /** Always `webhook_endpoint`. */
  object: string;
  id: string;
  /** Always true. */
  deleted: boolean;
}

/** A page of webhook endpoints, newest first. */
export interface WebhookEndpointList {
  /** Always `list`. */
  object: string;
  data: WebhookEndpointView[];
  has_more: boolean;
}

/** Where a merchant's server hears of events. */
export interface WebhookEndpointView {
  /** Always `webhook_endpoint`. */
  object: string;
  id: string;
  url: string;
  description?: string | null;
  /** Event types and wildcards, as they were given. */
  enabled_events: string[];
  /** Null: events of both environments. */
  environment?: Environment | null;
  status: EndpointStatus;
  /** Why it is disabled; null while it is enabled. */
  disabled_reason?: DisabledReason | null;
  /** Since when every attempt has failed, in epoch seconds; null if the last one did not. */
  failing_since?: number | null;
  /** Whether events of the past are being sent again now. */
  is_recovering: boolean;
  /** Epoch seconds. */
  created_at: number;
  /** Epoch seconds. */
  updated_at: number;
}

/** An endpoint with a secret that was just made. */
export type WebhookEndpointWithSecret = WebhookEndpointView & {
  /** What deliveries are signed with. Shown once: keep it now. */
  secret: string;
};

/** `WebhookReceived` of the API. */
export interface WebhookReceived {
  received: boolean;
}

/** How to follow this invoice live. */
export interface WsConnection {
  /** A JWT for the payor's stream of this invoice; the stream ends when the session does. */
  token: string;
  endpoint: string;
  format: string;
  ws_url: string;
}

/** A hint about the stream itself. */
export interface WsControl {
  /** Always `ws_control`. */
  object: string;
  type: ControlType;
  /** The last event this stream has considered: reconnect with it as `since`. Null before any. */
  cursor?: string | null;
  /** Epoch seconds. */
  created: number;
}

/** Why the connection is about to close. */
export interface WsError {
  /** Always `ws_error`. */
  object: string;
  /** Stable: branch on it. */
  code: string;
  /** For people; may change. */
  message: string;
}

/** Opens one stream. */
export interface WsToken {
  /** A JWT; append it to `ws_url` as `token`. */
  token: string;
  scope: StreamScope;
  merchant_id: MerchantId;
  /** Null: events of both. */
  network_environment?: Environment | null;
  /** Epoch seconds. */
  expires_at: number;
  ws_url: string;
}

/** `WsTokenAnswer` of the API. */
export interface WsTokenAnswer {
  success: boolean;
  data: WsToken;
}

/** `WsTokenRequest` of the API. */
export interface WsTokenRequest {
  scope: StreamScope;
  /** How long the token can be used to connect; a stream lives on, until the key or sign-in ends. */
  ttl_seconds?: number | null;
  /** A key has its own. For members: null is both. */
  environment?: Environment | null;
}

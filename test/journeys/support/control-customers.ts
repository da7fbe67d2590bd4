/** The two customers of the world. */
export const worldCustomers = ['acme', 'globex'] as const;

/** Name of a customer of the world. */
export type WorldCustomer = (typeof worldCustomers)[number];

/** Ids by the name of the path parameter that takes them. */
export type WorldIds = { readonly [parameter: string]: string };

/** Text that stands in everything that belongs to a customer, and nowhere else. */
export function markOf(customer: WorldCustomer): string {
  return `mark-${customer}`;
}
